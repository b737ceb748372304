import * as v from "valibot";
import { type ConfigSchema, envName, loadConfig } from "./config.ts";

/**
 * The way back from settings to environment variables, for whoever starts a process: every variable that the process
 * reads, and no other. Settings that are not given have their default; those without one are empty, which counts as not
 * set.
 * @param schema of the process, such as `PollerConfig`
 * @param settings by name
 * @throws TypeError that lists every bad or missing setting
 */
export function environment<S extends ConfigSchema>(
  schema: S,
  settings: Partial<v.InferInput<S>>,
): Record<string, string> {
  const given: Record<string, unknown> = { ...v.getDefaults(schema), ...settings };
  const env = Object.fromEntries(
    Object.keys(schema.entries).map((setting) => [envName(setting), toText(given[setting])]),
  );
  loadConfig(schema, env);
  return env;
}

function toText(value: unknown): string {
  if (value === undefined) return "";
  return Array.isArray(value) ? value.join(",") : String(value);
}
