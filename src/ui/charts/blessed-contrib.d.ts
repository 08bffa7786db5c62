declare module 'blessed-contrib/lib/widget/charts/line.js' {
  const Line: import('./offscreen.ts').Widget;
  export default Line;
}

declare module 'blessed-contrib/lib/widget/sparkline.js' {
  const Sparkline: import('./offscreen.ts').Widget;
  export default Sparkline;
}
