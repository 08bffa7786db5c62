import { commandFor, notHere } from "../keymap/help.ts";
import type { CaptureTotals, HostSample } from "../ports.ts";
import type { InputEvent } from "../terminal/input-event.ts";
import { buildBody, type Sources } from "./bodies.ts";
import { settle } from "./cursor.ts";
import type { Body, Frame } from "./frame.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { menuOf } from "./menus.ts";
import { addSample, initialMeters, type Meters, metersAt } from "./meters.ts";
import { cursorOf, withCursor } from "./navigation.ts";
import { reduceOverlay } from "./overlays.ts";
import { type Effect, reduce, type Step } from "./reduce.ts";
import { timeFrame } from "./time.ts";
import { shiftView } from "./time-shift.ts";
import {
  type Beginning,
  currentScreen,
  initialView,
  type Notice,
  type Size,
  screenKey,
  type ViewState,
} from "./view-state.ts";

/** What is drawn: how the user looks, and what there is to see. */
export interface Shown {
  readonly view: ViewState;
  readonly frame: Frame;
}

export interface StoreOptions {
  readonly sources: Sources;
  readonly size: Size;
  readonly readOnly: boolean;
  readonly beginning?: Beginning;
  readonly capture: CaptureTotals;
  readonly nice: (pid: number) => number | undefined;
  readonly runEffect: (effect: Effect) => Notice | undefined;
}

const SEARCH_HITS = 200;

/** The first row that is more than context of a match below it. */
function homeOf({ ids, row }: Extract<Body, { screen: "tree" }>): number {
  const home = ids.findIndex((_, at) => row(at)?.context === false);
  return Math.max(home, 0);
}

/**
 * The only mutable thing of the screens: the view state, and the frame made from it. A tick brings a new moment, a key a
 * new view; both end in one new `Shown`, or in none when nothing changed.
 */
export class Store {
  readonly #options: StoreOptions;
  readonly #listeners = new Set<() => void>();
  #meters: Meters;
  #nowNs: number;
  #bodyInputs: readonly unknown[] = [];
  /** Of the time machine, and of the meters, when it was last drawn. */
  #revision = 0;
  #ticked = 0;
  #shown: Shown;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#meters = initialMeters(options.capture);
    this.#nowNs = options.sources.queries.nowNs;
    const { time } = options.sources;
    if (time !== undefined) {
      time.onSwitch = (before, after) => {
        options.sources.search.forget();
        this.#shown = { ...this.#shown, view: shiftView(this.#shown.view, before, after) };
      };
    }
    const view = initialView(options.size, options.beginning);
    this.#shown = this.#project(view, undefined);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): Shown => this.#shown;

  /** A new moment, `seconds` after the last one. A screen that stands still keeps its rows and meters. */
  tick(host: HostSample, capture: CaptureTotals, seconds: number): void {
    const { queries, time } = this.#options.sources;
    this.#meters = addSample(this.#meters, time?.standing.endNs ?? queries.nowNs, host, capture, seconds);
    this.#show(this.#shown.view);
  }

  /**
   * Shows the moment that was gone to, once it is there, and what an open search found, after at most budgetMs of looking for it;
   * true when there is more to look through.
   */
  follow(budgetMs: number): boolean {
    const { search, time } = this.#options.sources;
    const searching = this.#shown.view.overlay?.name === "search" && search.searching;
    const found = searching && search.work(budgetMs);
    if (found || (time?.revision ?? 0) !== this.#revision) {
      this.#show(this.#shown.view);
    }
    return searching && !found;
  }

  input(event: InputEvent): void {
    const { frame } = this.#shown;
    const { notice: _, ...view } = this.#shown.view;
    const { sources, readOnly, nice } = this.#options;
    const context = { frame, queries: sources.queries, names: sources.names, readOnly, nice };
    if (view.overlay !== undefined) {
      // A key about the hits is about all of them.
      while (event.kind === "key" && event.text === undefined && frame.search?.searching) {
        sources.search.work(Number.POSITIVE_INFINITY);
      }
      this.#apply(reduceOverlay(view, view.overlay, event, context));
      return;
    }
    const key = event.kind === "key" ? event.key : event.kind === "mouse" ? event.action : undefined;
    const command = key === undefined ? undefined : commandFor(key, currentScreen(view).name);
    if (command !== undefined) {
      const step = reduce(view, command, context);
      const idle = step.view === view && step.effect === undefined;
      this.#apply(idle ? { view: { ...view, notice: notHere(key ?? "", currentScreen(view).name) } } : step);
    } else if (event.kind === "key") {
      this.#show({ ...view, notice: notHere(event.key, currentScreen(view).name) });
    }
  }

  resize(size: Size): void {
    this.#show({ ...this.#shown.view, size });
  }

  notify(notice: Notice): void {
    this.#show({ ...this.#shown.view, notice });
  }

  #apply({ view, effect }: Step): void {
    this.#show(view);
    const notice = effect === undefined ? undefined : this.#options.runEffect(effect);
    if (notice !== undefined) {
      this.notify(notice);
    } else if (effect?.kind === "time") {
      this.#show(this.#shown.view);
    }
  }

  #show(view: ViewState): void {
    const { queries, time } = this.#options.sources;
    const moved = time !== undefined && time.revision !== this.#revision;
    if (moved || this.#ticked !== this.#meters.version) {
      this.#nowNs = queries.nowNs;
    }
    this.#revision = time?.revision ?? 0;
    this.#ticked = this.#meters.version;
    this.#shown = this.#project(view, this.#shown.frame);
    for (const listener of this.#listeners) {
      listener();
    }
  }

  #project(view: ViewState, before: Frame | undefined): Shown {
    const { queries, names, search, time } = this.#options.sources;
    const screen = currentScreen(view);
    const away = timeFrame(time, view.size.columns);
    const layout = layoutOf(view.size, screen.name, this.#meters.capture, away !== undefined);
    const body = this.#body(view, layout, before);
    const home = body.screen === "tree" && !cursorOf(view).chosen ? homeOf(body) : 0;
    const cursor = settle(cursorOf(view), body.ids, layout.list, view.follow, home);
    const { overlay } = view;
    const nowNs = this.#nowNs;
    const frame: Frame = {
      nowNs,
      nowMs: queries.wallMs(nowNs),
      // A file tells nothing of the machine it is shown on, which is now.
      meters: away === undefined || away.file !== undefined ? this.#meters : metersAt(this.#meters, nowNs),
      findings: queries.findings(),
      body,
      cursor,
      layout,
      ...(overlay?.name === "menu" ? { menu: menuOf(view, overlay, queries, names) } : {}),
      ...(away === undefined ? {} : { time: away }),
      get search() {
        return overlay?.name === "search" ? search.search(overlay.input.text, SEARCH_HITS, nowNs) : undefined;
      },
    };
    return { view: withCursor(view, cursor), frame };
  }

  /** The rows, made again only when something they depend on changed. */
  #body(view: ViewState, layout: Layout, before: Frame | undefined): Body {
    const key = screenKey(currentScreen(view));
    const inputs = [
      key,
      view.filters[key],
      view.layout,
      view.sort,
      view.descending,
      view.orders,
      view.annotations,
      view.collapsed,
      view.unfolded,
      view.zoom,
      view.kernelThreads,
      view.exited,
      view.closedConnections,
      this.#nowNs,
      this.#revision,
      layout.columns,
      layout.list,
    ];
    if (before !== undefined && inputs.every((input, index) => input === this.#bodyInputs[index])) {
      return before.body;
    }
    this.#bodyInputs = inputs;
    return buildBody(view, this.#options.sources, this.#nowNs, layout);
  }
}
