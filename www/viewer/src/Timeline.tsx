import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartDataset,
  type ChartOptions,
  LinearScale,
} from "chart.js";
import { type ReactElement, useEffect, useRef } from "react";
import type { Health } from "steadymix/viewer";
import { HISTORY_MS, type History } from "./useHistory.ts";
import type { Texts } from "./Viewer.tsx";

Chart.register(BarController, BarElement, CategoryScale, LinearScale);

const HEALTHS: Health[] = ["playing", "starting", "available", "frozen", "muted", "failed", "absent"];
const DRAW_INTERVAL_MS = 250;

interface Bar {
  x: [from: number, until: number];
  y: string;
}

/** The states of the outputs over the last minute, and which one was on screen. */
export function Timeline({ history, texts }: { history: History; texts: Texts }): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ history, texts });
  latest.current = { history, texts };

  useEffect(() => {
    if (!canvas.current) return;
    const chart = new Chart<"bar", Bar[]>(canvas.current, {
      type: "bar",
      data: { datasets: [] },
      options: optionsOf(latest.current.texts, colourOf(canvas.current)),
    });
    const draw = () => redraw(chart, latest.current.history, latest.current.texts);
    draw();
    const timer = window.setInterval(draw, DRAW_INTERVAL_MS);
    return () => {
      window.clearInterval(timer);
      chart.destroy();
    };
  }, []);

  return (
    <section className="timeline">
      <h2>{texts.timeline}</h2>
      <div className="chart">
        <canvas ref={canvas} role="img" aria-label={texts.timelineExplained} />
      </div>
      <ul className="legend" aria-hidden="true">
        {HEALTHS.filter((health) => health !== "absent").map((health) => (
          <li key={health} data-health={health}>
            {texts.health[health]}
          </li>
        ))}
      </ul>
      <p className="hint">{texts.timelineExplained}</p>
    </section>
  );
}

type Colour = (name: string) => string;

/**
 * The current colours of the page. The value of a custom property may be `light-dark(…)`, which a canvas draws in black; a computed
 * `color` is resolved.
 */
function colourOf(canvas: HTMLCanvasElement): Colour {
  return (name) => {
    canvas.style.color = `var(${name})`;
    return getComputedStyle(canvas).color;
  };
}

function optionsOf(texts: Texts, colour: Colour): ChartOptions<"bar"> {
  const [color, line] = [colour("--quiet"), colour("--line")];
  return {
    indexAxis: "y",
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    scales: {
      x: {
        type: "linear",
        min: -HISTORY_MS / 1000,
        max: 0,
        stacked: false,
        ticks: { stepSize: 10, color },
        grid: { color: line },
        title: { display: true, text: texts.seconds, color },
      },
      y: { type: "category", ticks: { color }, grid: { display: false, color: line } },
    },
  };
}

/** The thickness of the bars, in px: of the state, and of the time on screen below it. */
const THICK = 12;
const THIN = 4;

function redraw(chart: Chart<"bar", Bar[]>, { now, health, shown }: History, texts: Texts): void {
  const at = performance.now();
  const colour = colourOf(chart.canvas);
  const bar = ({ uid, from, until }: { uid: number; from: number; until: number }): Bar => ({
    x: [Math.max(from - at, -HISTORY_MS) / 1000, (until - at) / 1000],
    y: String(uid),
  });
  const dataset = (name: string, thickness: number, data: Bar[]): ChartDataset<"bar", Bar[]> => ({
    stack: thickness === THICK ? "health" : "shown",
    data,
    backgroundColor: colour(name),
    barThickness: thickness,
    borderSkipped: false,
  });
  const ofHealth = (wanted: Health) => health.filter(({ value }) => value === wanted).map(bar);
  chart.data.labels = now.map(({ uid }) => String(uid));
  chart.data.datasets = [
    ...HEALTHS.map((name) => dataset(`--${name}`, THICK, ofHealth(name))),
    dataset("--accent", THIN, shown.map(bar)),
  ];
  // Replace the options: changes within them are not drawn.
  chart.options = optionsOf(texts, colour);
  chart.update("none");
}
