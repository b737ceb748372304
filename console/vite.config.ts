import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// `npx vite console` serves the page with hot reload, over the API of `npm run demo -- --stay --port 3000`.
const api = { target: "http://127.0.0.1:3000", changeOrigin: true };

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "/console/",
  build: {
    outDir: fileURLToPath(new URL("../dist/console", import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(
      ["/watchlist", "/recordings", "/health", "/metrics", "/api", "/tiktok", "/hosts", "/canary", "/system", "/alerts"]
        .map((
          path,
        ) => [path, api]),
    ),
  },
});
