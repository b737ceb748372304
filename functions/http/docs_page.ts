import { docsScript } from "./docs/script.ts";
import { DOCS_STYLE } from "./docs/style.ts";

/**
 * The page to read and try the API: one file that loads nothing but `/openapi.json`, and may run nothing but its own
 * script.
 */
export async function docsPage(): Promise<Response> {
  const script = `(${docsScript})()`;
  const policy = [
    "default-src 'none'",
    `script-src '${await sourceHash(script)}'`,
    `style-src '${await sourceHash(DOCS_STYLE)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roomtone API</title>
<link rel="icon" href="data:,">
<style>${DOCS_STYLE}</style>
</head>
<body>
<noscript>This page is built by its script. The API's description is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script>${script}</script>
</body>
</html>
`;
  return new Response(page, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}

/** How a Content-Security-Policy names an inline script or style. */
async function sourceHash(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `sha256-${btoa(String.fromCharCode(...hash))}`;
}
