/**
 * blessed-contrib's widgets as painters. A widget normally lives in a blessed screen that owns the terminal; here it is
 * mounted on a plain object of a given size (`blessed` itself is a stub), and what it painted is taken as text.
 */

/** A widget's constructor: called on its host, as blessed classes are. */
export interface Widget {
  (this: object, options: object): void;
  readonly prototype: object;
}

/** What the widgets call on a blessed element, and what they leave on it. */
interface Mounted {
  setData(...data: unknown[]): void;
  readonly ctx?: { readonly _canvas: { frame(): string; clear(): void }; clearRect(): void };
}

export interface Painter {
  /** Paints afresh. Returns the canvas, or the text content of a widget without one. */
  paint(...data: unknown[]): string;
}

/** Mounts a widget on a host of `width` x `height` blessed cells. */
export function mount(widget: Widget, width: number, height: number, options: object): Painter {
  let content = "";
  let attach: (() => void) | undefined;
  const host = Object.assign(Object.create(widget.prototype) as object, {
    width,
    height,
    on(event: string, handler: () => void): void {
      if (event === "attach") {
        attach = handler.bind(host);
      }
    },
    setContent(text: string): void {
      content = text;
    },
  });
  widget.call(host, options);
  attach?.();
  const mounted = host as unknown as Mounted;
  const { ctx } = mounted;
  if (ctx !== undefined) {
    // It is only ever cleared whole; the context does that dot by dot, as two triangles: most of the cost of a chart.
    ctx.clearRect = () => ctx._canvas.clear();
  }
  return {
    paint(...data) {
      mounted.setData(...data);
      return ctx?._canvas.frame() ?? content;
    },
  };
}
