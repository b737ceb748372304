/** hls.js without what recordings have no use for: subtitles, DRM, other sound tracks. Its package types the whole only. */
declare module "hls.js/light" {
  export { default } from "hls.js";
}

declare module "*.css";
