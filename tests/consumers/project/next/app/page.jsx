"use client";

import { useEffect, useState } from "react";
import * as entries from "../../src/entries.mjs";

export default function Page() {
  const [result, setResult] = useState("");
  useEffect(() => {
    entries.calls(entries).then(setResult, (error) => setResult(String(error)));
  }, []);
  return <title>{result}</title>;
}
