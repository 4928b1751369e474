import { type FormEvent, type ReactElement, useEffect, useMemo, useState } from "react";
import { DOCS } from "../../shared/docs.ts";
import { keepLanguage, type Language, preferredLanguage } from "../../shared/language.ts";
import { storage } from "../../shared/storage.ts";
import { Api, ApiError } from "./api.ts";
import { Console } from "./Console.tsx";
import { TEXTS, type Texts } from "./texts.ts";

const STORAGE_KEY = "steadymix.operatorKey";

/** The page: asks for a key, then shows the console. */
export function App(): ReactElement {
  const [language, setLanguage] = useState<Language>(preferredLanguage);
  const [key, setKey] = useState(keyOfAddress);
  const [isWrong, setWrong] = useState(false);
  const api = useMemo(() => new Api(key), [key]);
  const texts = TEXTS[language];

  useEffect(() => {
    document.documentElement.lang = language;
    document.title = TEXTS[language].title;
  }, [language]);

  const switchLanguage = () => {
    const other = language === "en" ? "zh" : "en";
    keepLanguage(other);
    setLanguage(other);
  };
  const changeKey = (next: string) => {
    storage("sessionStorage")?.setItem(STORAGE_KEY, next);
    setKey(next);
    setWrong(false);
  };
  const onProblem = (error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== "UNAUTHORIZED") return;
    setWrong(true);
    setKey("");
  };

  return (
    <>
      <header>
        <h1>{texts.title}</h1>
        <p />
        <a href={DOCS[language].address} target="_blank" rel="noreferrer">
          {DOCS[language].text}
        </a>
        {key !== "" && (
          <button type="button" onClick={() => changeKey("")}>
            {texts.leave}
          </button>
        )}
        <button type="button" lang={language === "en" ? "zh" : "en"} onClick={switchLanguage}>
          {texts.otherLanguage}
        </button>
      </header>
      {key === "" ? (
        <KeyForm texts={texts} isWrong={isWrong} onKey={changeKey} />
      ) : (
        <Console api={api} texts={texts} language={language} onProblem={onProblem} />
      )}
    </>
  );
}

/** The key of this tab. `#key=…` replaces it, and is removed from the address. */
function keyOfAddress(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given === null) return storage("sessionStorage")?.getItem(STORAGE_KEY) ?? "";
  storage("sessionStorage")?.setItem(STORAGE_KEY, given);
  history.replaceState(null, "", location.pathname);
  return given;
}

interface KeyFormProps {
  texts: Texts;
  isWrong: boolean;
  onKey: (key: string) => void;
}

function KeyForm({ texts, isWrong, onKey }: KeyFormProps): ReactElement {
  const [key, setKey] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() !== "") onKey(key.trim());
  };
  return (
    <main>
      <form className="key" onSubmit={submit}>
        <label htmlFor="key">{texts.key}</label>
        <input
          id="key"
          type="password"
          autoComplete="off"
          value={key}
          aria-describedby="key-hint"
          aria-invalid={isWrong}
          onChange={({ target }) => setKey(target.value)}
        />
        <small id="key-hint">{texts.keyHint}</small>
        {isWrong && (
          <p className="error" role="alert">
            {texts.wrongKey}
          </p>
        )}
        <button type="submit">{texts.enter}</button>
      </form>
    </main>
  );
}
