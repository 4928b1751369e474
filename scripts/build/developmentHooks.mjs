// `node --import` this: what is imported by the package's name is the package that is developed.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { aliasesOf } from "./development.mjs";

const aliases = aliasesOf("default");

registerHooks({
  resolve(specifier, context, nextResolve) {
    const file = aliases[specifier];
    return nextResolve(file ? pathToFileURL(file).href : specifier, context);
  },
});
