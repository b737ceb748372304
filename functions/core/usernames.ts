import { isLiveError, normaliseUsername } from "@roomtone/sdk";
import { AppError } from "../contract/errors.ts";

/**
 * The normal form of a name as typed: `name`, `@name` or a profile URL.
 * @param parameter that it came in
 * @throws AppError `invalid_input`
 */
export function readUsername(typed: string, parameter: string): string {
  try {
    return normaliseUsername(typed);
  } catch (error) {
    if (!isLiveError(error)) throw error;
    const parameters = [{ name: parameter, detail: error.message }];
    throw new AppError("invalid_input", error.message, { remedy: error.remedy, parameters, cause: error });
  }
}
