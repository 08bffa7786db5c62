declare module "blessed-contrib/lib/widget/charts/line.js" {
  const Line: import("./offscreen.ts").Widget;
  // biome-ignore lint/style/noDefaultExport: that is what a CommonJS module looks like from here
  export default Line;
}

declare module "blessed-contrib/lib/widget/sparkline.js" {
  const Sparkline: import("./offscreen.ts").Widget;
  // biome-ignore lint/style/noDefaultExport: that is what a CommonJS module looks like from here
  export default Sparkline;
}
