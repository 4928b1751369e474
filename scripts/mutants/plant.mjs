// Mutates JavaScript: each mutant has one typical mistake.
import { parseSync, Visitor } from "rolldown/utils";

/**
 * @typedef {object} Mutant
 * @property {string} name the change and its function; no line number, which every edit would change
 * @property {number} start
 * @property {number} end of the replaced text
 * @property {string} text the replacement
 */

/** @typedef {{ type: string, start: number, end: number, [name: string]: any }} Node */

/** @type {Record<string, string[]>} */
const OPERATORS = {
  "===": ["!=="],
  "!==": ["==="],
  "<": ["<="],
  "<=": ["<"],
  ">": [">="],
  ">=": [">"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "&&": ["||"],
  "||": ["&&"],
  "+=": ["-="],
  "-=": ["+="],
};
/** @type {Record<string, string>} */
const METHODS = { every: "some", some: "every", min: "max", max: "min", startsWith: "endsWith" };
/** Calls with texts for people, which tests do not check literally. */
const WORDS = /^(Rejection|Error|Failure|refused|invalid|misbound|steadymixError|notAllowed|console\..*)$/;
const SHOWN_CHARS = 60;

/**
 * All mutants of a module.
 * @param {string} file its path in the sources
 * @param {string} code
 * @returns {Mutant[]}
 */
export function mutantsOf(file, code) {
  /** @type {Mutant[]} */
  const mutants = [];
  /** @type {string[]} */
  const functions = [];
  let words = 0;
  const { program } = parseSync(file.replace(/\.ts$/, ".js"), code);
  const source = (/** @type {Node} */ { start, end }) => code.slice(start, end);
  const shown = (/** @type {string} */ text) => {
    const line = text.replace(/\s+/g, " ");
    return line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS)}…` : line;
  };
  const plant = (/** @type {Node} */ node, /** @type {string} */ text, of = node) => {
    const changed = code.slice(of.start, node.start) + text + code.slice(node.end, of.end);
    const name = `${file}: ${functions.at(-1) ?? "module"}: ${shown(source(of))} → ${shown(changed) || "nothing"}`;
    mutants.push({ name, start: node.start, end: node.end, text });
  };
  const operator = (/** @type {Node} */ node) => {
    for (const other of OPERATORS[node.operator] ?? []) {
      const from = node.left.end + code.slice(node.left.end, node.right.start).indexOf(node.operator);
      plant({ type: "", start: from, end: from + node.operator.length }, other, node);
    }
  };
  const test = (/** @type {Node} */ { test }, /** @type {string[]} */ values) => {
    for (const value of values) plant(test, value);
  };
  const named = (/** @type {string | undefined} */ name) => {
    if (name !== undefined) functions.push(name);
  };
  /** @type {Record<string, (node: any) => void>} */
  const visitor = {
    IfStatement: (node) => test(node, ["true", "false"]),
    ConditionalExpression: (node) => test(node, ["true", "false"]),
    WhileStatement: (node) => test(node, ["false"]),
    BinaryExpression: (node) => {
      operator(node);
      const [left, right] = [source(node.left), source(node.right)];
      // A comparison that is too loose.
      if (node.operator === "===" && !/^(undefined|null|\d+)$/.test(right) && node.left.operator !== "typeof")
        plant(node, `String(${left}).startsWith(String(${right}))`);
    },
    LogicalExpression: (node) => {
      operator(node);
      if (node.operator === "??") {
        plant(node, source(node.left));
        plant(node, `(${source(node.left)}, ${source(node.right)})`);
      }
    },
    AssignmentExpression: (node) => operator(node),
    UnaryExpression: (node) => {
      if (node.operator === "!") plant(node, source(node.argument));
    },
    Literal: (node) => {
      if (typeof node.value === "boolean") plant(node, String(!node.value));
      if (!node.regex) return;
      const { pattern, flags } = node.regex;
      if (pattern.startsWith("^")) plant(node, `/${pattern.slice(1)}/${flags}`);
      if (pattern.endsWith("$")) plant(node, `/${pattern.slice(0, -1)}/${flags}`);
      if (flags.includes("i")) plant(node, `/${pattern}/${flags.replace("i", "")}`);
    },
    TemplateLiteral: (node) => {
      if (words > 0) return;
      for (const each of node.expressions) plant(each, '""', node);
    },
    MemberExpression: (node) => {
      const other = METHODS[node.property.name];
      if (!node.computed && other !== undefined) plant(node.property, other, node);
    },
    ExpressionStatement: (node) => {
      if (node.directive === undefined && source(node.expression) !== "super(ctx, env)") plant(node, ";");
    },
    ThrowStatement: (node) => plant(node, ";"),
    ReturnStatement: (node) => {
      if (!node.argument || node.argument.type === "ObjectExpression" || source(node.argument) === "undefined") return;
      plant(node.argument, "undefined", node);
    },
  };
  /** @type {Record<string, (node: any) => void>} */
  const before = {
    FunctionDeclaration: (node) => named(node.id?.name),
    MethodDefinition: (node) => named(source(node.key)),
    VariableDeclarator: (node) => {
      if (/Function/.test(node.init?.type ?? "")) named(node.id.name);
    },
    NewExpression: (node) => (words += WORDS.test(source(node.callee)) ? 1 : 0),
    CallExpression: (node) => {
      words += WORDS.test(source(node.callee)) ? 1 : 0;
      const { callee, arguments: values } = node;
      if (callee.type !== "MemberExpression" || values.length !== 1) return;
      if (callee.property.name === "includes")
        plant(node, `${source(callee.object)}.some((each) => String(${source(values[0])}).startsWith(String(each)))`);
    },
  };
  /** @type {Record<string, (node: any) => void>} */
  const after = {
    "FunctionDeclaration:exit": (node) => node.id && functions.pop(),
    "MethodDefinition:exit": () => functions.pop(),
    "VariableDeclarator:exit": (node) => /Function/.test(node.init?.type ?? "") && functions.pop(),
    "NewExpression:exit": (node) => (words -= WORDS.test(source(node.callee)) ? 1 : 0),
    "CallExpression:exit": (node) => (words -= WORDS.test(source(node.callee)) ? 1 : 0),
  };
  new Visitor({ ...visitor, ...before, ...after }).visit(program);
  return numbered(mutants);
}

/** @param {string} code @param {Mutant} mutant */
export function planted(code, { start, end, text }) {
  return code.slice(0, start) + text + code.slice(end);
}

/** Numbers mutants with the same name. @param {Mutant[]} mutants */
function numbered(mutants) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return mutants.map((mutant) => {
    const times = (seen.get(mutant.name) ?? 0) + 1;
    seen.set(mutant.name, times);
    return times === 1 ? mutant : { ...mutant, name: `${mutant.name} (${times})` };
  });
}
