// For `node --import`: resolves imports of the package by its name to the development build.
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
