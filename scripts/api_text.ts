/**
 * Writes what `deno doc --json` says of a module as one line for each symbol and member, so that a change of the
 * public API is a change of lines.
 * @module
 */

/** A type, as `deno doc` (format 2) describes it; which fields of `value` are there depends on `kind`. */
export interface DocType {
  kind: string;
  repr?: string;
  value?: unknown;
}

/** A parameter of a generic type. */
export interface DocTypeParam {
  name: string;
  constraint?: DocType;
  default?: DocType;
}

/** A parameter of a function. */
export interface DocParam {
  kind: string;
  name?: string;
  optional?: boolean;
  tsType?: DocType;
  left?: DocParam;
  arg?: DocParam;
}

/** A comment on a symbol. */
export interface DocComment {
  doc?: string;
  tags?: { kind: string; name?: string; doc?: string; value?: string; tsType?: DocType }[];
}

/** A property, a method or a function. */
export interface DocMember {
  name: string;
  jsDoc?: DocComment;
  kind?: string;
  optional?: boolean;
  readonly?: boolean;
  isStatic?: boolean;
  accessibility?: string;
  tsType?: DocType;
  returnType?: DocType;
  typeParams?: DocTypeParam[];
  params?: DocParam[];
  functionDef?: DocMember;
}

/** What a symbol is. */
export interface DocBody extends Omit<DocMember, "kind"> {
  kind?: string;
  extends?: string | DocType[];
  implements?: DocType[];
  superTypeParams?: DocType[];
  constructors?: DocMember[];
  properties?: DocMember[];
  methods?: DocMember[];
  callSignatures?: DocMember[];
  indexSignatures?: DocMember[];
}

/** A name that a module exports, with all that it stands for. */
export interface DocSymbol {
  name: string;
  declarations: { kind: string; def?: DocBody; jsDoc?: DocComment }[];
}

/** One module of `deno doc --json`. */
export interface DocModule {
  module_doc?: DocComment;
  symbols: DocSymbol[];
}

/** The module's public API, a line for each symbol and member, by name. */
export function apiLines(module: DocModule): string[] {
  const symbols = module.symbols.toSorted((a, b) => a.name < b.name ? -1 : 1);
  return symbols.flatMap(({ name, declarations }) => declarations.flatMap(({ kind, def }) => lines(name, kind, def)));
}

function lines(name: string, kind: string, def: DocBody = { name }): string[] {
  const generics = typeParams(def.typeParams);
  switch (kind) {
    case "function":
      return [`function ${name}${signature(def)}`];
    case "variable":
      return [`${def.kind ?? "const"} ${name}: ${type(def.tsType)}`];
    case "typeAlias":
      return [`type ${name}${generics} = ${type(def.tsType)}`];
    case "interface":
    case "class": {
      const parent = typeof def.extends === "string"
        ? `${def.extends}${typeArguments(def.superTypeParams)}`
        : def.extends?.map(type).join(", ") ?? "";
      const promise = def.implements?.map(type).join(", ") ?? "";
      const head = [
        `${kind} ${name}${generics}`,
        parent && `extends ${parent}`,
        promise && `implements ${promise}`,
      ];
      return [head.filter(Boolean).join(" "), ...members(def).map((line) => `  ${line}`)];
    }
    case "reference":
      return [`the same ${name} as in another module`];
    default:
      throw new Error(`Cannot write the API: ${name} is a ${kind}`);
  }
}

function members(def: DocBody): string[] {
  return [
    ...(def.constructors ?? []).map((one) => `constructor${signature(one)}`),
    ...(def.callSignatures ?? []).map(signature),
    ...(def.indexSignatures ?? []).map((one) => `[${params(one.params)}]: ${type(one.tsType)}`),
    ...[...(def.properties ?? []).map(property), ...(def.methods ?? []).map(method)].sort(),
  ];
}

/** A property on one line. */
export function property(one: DocMember): string {
  const words = `${modifiers(one)}${one.readonly ? "readonly " : ""}${one.name}`;
  return `${words}${one.optional ? "?" : ""}: ${type(one.tsType)}`;
}

/** A method on one line. */
export function method(one: DocMember): string {
  const accessor = one.kind === "getter" ? "get " : one.kind === "setter" ? "set " : "";
  return `${modifiers(one)}${accessor}${one.name}${one.optional ? "?" : ""}${signature(one.functionDef ?? one)}`;
}

function modifiers({ accessibility, isStatic }: DocMember): string {
  return `${accessibility ? `${accessibility} ` : ""}${isStatic ? "static " : ""}`;
}

/** Parameters and result. */
export function signature(one: Omit<DocMember, "kind">): string {
  const returned = one.returnType === undefined ? "" : `: ${type(one.returnType)}`;
  return `${typeParams(one.typeParams)}(${params(one.params)})${returned}`;
}

function params(all: DocParam[] = []): string {
  return all.map(param).join(", ");
}

function param(one: DocParam): string {
  if (one.kind === "assign") return param({ ...one.left ?? { kind: "identifier" }, optional: true });
  if (one.kind === "rest") return `...${one.arg?.name ?? "rest"}: ${type(one.tsType)}`;
  return `${one.name ?? "options"}${one.optional ? "?" : ""}: ${type(one.tsType)}`;
}

/** Parameters of a generic type, `""` when it has none. */
export function typeParams(all: DocTypeParam[] = []): string {
  if (all.length === 0) return "";
  const written = all.map(({ name, constraint, default: fallback }) =>
    `${name}${constraint ? ` extends ${type(constraint)}` : ""}${fallback ? ` = ${type(fallback)}` : ""}`
  );
  return `<${written.join(", ")}>`;
}

function typeArguments(all: DocType[] = []): string {
  return all.length === 0 ? "" : `<${all.map(type).join(", ")}>`;
}

/** A type as TypeScript writes it. */
export function type(given: DocType | undefined): string {
  if (given === undefined) return "(inferred)";
  switch (given.kind) {
    case "keyword":
    case "this":
      return given.repr ?? given.kind;
    case "literal": {
      const { kind } = given.value as { kind: string };
      return kind === "string"
        ? JSON.stringify(given.repr)
        : kind === "template"
        ? `\`${given.repr}\``
        : `${given.repr}`;
    }
    case "typeRef": {
      const value = given.value as { typeName: string; typeParams?: DocType[] };
      return `${value.typeName}${typeArguments(value.typeParams)}`;
    }
    case "array":
      return `${operand(given.value as DocType)}[]`;
    case "tuple":
      return `[${(given.value as DocType[]).map(type).join(", ")}]`;
    case "union":
      return (given.value as DocType[]).map(type).join(" | ");
    case "intersection":
      return (given.value as DocType[]).map(operand).join(" & ");
    case "parenthesized":
      return `(${type(given.value as DocType)})`;
    case "rest":
      return `...${type(given.value as DocType)}`;
    case "optional":
      return `${type(given.value as DocType)}?`;
    case "typeQuery":
      return `typeof ${given.value}`;
    case "typeOperator": {
      const value = given.value as { operator: string; tsType: DocType };
      return `${value.operator} ${type(value.tsType)}`;
    }
    case "indexedAccess": {
      const value = given.value as { objType: DocType; indexType: DocType };
      return `${operand(value.objType)}[${type(value.indexType)}]`;
    }
    case "typeLiteral":
      return `{ ${members(given.value as DocBody).join("; ")} }`;
    case "fnOrConstructor": {
      const { tsType, constructor, ...rest } = given.value as DocMember & { constructor: boolean };
      return `${constructor ? "new " : ""}${signature(rest)} => ${type(tsType)}`;
    }
    case "conditional": {
      const { checkType, extendsType, trueType, falseType } = given.value as Record<string, DocType>;
      return `${type(checkType)} extends ${type(extendsType)} ? ${type(trueType)} : ${type(falseType)}`;
    }
    case "infer":
      return `infer ${(given.value as { typeParam: DocTypeParam }).typeParam.name}`;
    case "mapped": {
      const value = given.value as { typeParam: DocTypeParam; optional?: boolean; readonly?: boolean; tsType: DocType };
      const { name, constraint } = value.typeParam;
      const head = `${value.readonly ? "readonly " : ""}[${name} in ${type(constraint)}]`;
      return `{ ${head}${value.optional ? "?" : ""}: ${type(value.tsType)} }`;
    }
    case "typePredicate": {
      const value = given.value as { param: { name: string }; type: DocType };
      return `${value.param.name} is ${type(value.type)}`;
    }
    default:
      throw new Error(`Cannot write the API: there is a type of the kind ${given.kind}`);
  }
}

/** A type that stands in front of `[]` or beside `&`. */
function operand(given: DocType): string {
  const loose = ["union", "intersection", "fnOrConstructor", "conditional", "typeOperator"].includes(given.kind);
  return loose ? `(${type(given)})` : type(given);
}
