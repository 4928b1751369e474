"use client";

import { useEffect, useState } from "react";
import * as entries from "../../src/entries.mjs";

export default function Page() {
  const [said, setSaid] = useState("");
  useEffect(() => {
    entries.calls(entries).then(setSaid, (error) => setSaid(String(error)));
  }, []);
  return <title>{said}</title>;
}
