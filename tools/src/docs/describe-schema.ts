// A zod schema as a type that a reader knows from TypeScript, with its bounds beside it.
import { toJSONSchema } from 'zod/mini';
import type { $ZodType } from 'zod/v4/core';

interface Json {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Json[];
  readonly oneOf?: readonly Json[];
  readonly items?: Json;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Json | boolean;
  readonly propertyNames?: Json;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What may be sent, as one line or an indented block. */
export const describeSchema = (schema: $ZodType): string => show(toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json, '');

function show(json: Json, indent: string): string {
  if ('const' in json) return JSON.stringify(json.const);
  if (json.enum) return json.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = json.anyOf ?? json.oneOf;
  if (choices) return showChoices(choices, indent);
  switch (json.type) {
    case 'object':
      return showObject(json, indent);
    case 'array':
      return `(${show(json.items ?? {}, indent)})[]${json.maxItems === undefined ? '' : ` /* at most ${json.maxItems} */`}`.replace(/^\((\w+)\)/, '$1');
    case 'string':
      return json.format === 'uuid' ? 'uuid' : `string${showLength(json)}`;
    case 'integer':
      return json.minimum === 0 ? 'int >= 0' : 'int';
    default:
      return json.type ?? 'any JSON';
  }
}

function showChoices(choices: readonly Json[], indent: string): string {
  const shown = [...new Set(choices.map((choice) => show(choice, `${indent}  `)))];
  const oneLine = shown.join(' | ');
  return oneLine.includes('\n') ? shown.map((choice) => `\n${indent}  | ${choice}`).join('') : oneLine;
}

function showLength({ minLength, maxLength }: Json): string {
  const bounds = [minLength === undefined ? '' : `at least ${minLength}`, maxLength === undefined ? '' : `at most ${maxLength}`].filter(Boolean);
  return bounds.length === 0 ? '' : ` /* ${bounds.join(', ')} */`;
}

function showObject(json: Json, indent: string): string {
  const properties = Object.entries(json.properties ?? {});
  if (properties.length === 0) {
    const values = json.additionalProperties;
    return typeof values === 'object' && Object.keys(values).length > 0 ? `{ [${show(json.propertyNames ?? {}, indent)}]: ${show(values, indent)} }` : '{}';
  }
  const inner = properties.map(([name, value]) => `${name}${json.required?.includes(name) ? '' : '?'}: ${show(value, `${indent}  `)}`);
  const oneLine = `{ ${inner.join(', ')} }`;
  return oneLine.length + indent.length <= 110 && !oneLine.includes('\n') ? oneLine : `{\n${inner.map((line) => `${indent}  ${line}`).join('\n')}\n${indent}}`;
}
