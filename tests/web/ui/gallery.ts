/** The page of tests/browser/test_ui_screens.py: shows one scene. Not part of the product. */
import { createL10n } from "../../../web/client/l10n";
import { mountApp } from "../../../web/client/ui/app";
import { STORAGE_KEY } from "../../../web/client/ui/preferences";
// @ts-expect-error esbuild's text loader
import german from "../../../web/locales/de/client.ftl";
// @ts-expect-error esbuild's text loader
import english from "../../../web/locales/en/client.ftl";
import { pseudo } from "./pseudo";
import { buildScene, ENGLISH, HEBREW, PRESS, SCENES } from "./scenes";

/** A still that looks enough like a lamp-lit room to judge plates and marks on it. */
function picture(n: number): MediaStream {
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 240;
  const pen = canvas.getContext("2d");
  if (pen) {
    const light = pen.createRadialGradient(60 + ((n * 67) % 200), 60, 10, 160, 120, 220);
    light.addColorStop(0, `hsl(${28 + n * 9} 45% 62%)`);
    light.addColorStop(1, `hsl(${20 + n * 21} 22% 16%)`);
    pen.fillStyle = light;
    pen.fillRect(0, 0, 320, 240);
    pen.fillStyle = `hsl(${200 + n * 37} 18% 30%)`;
    pen.beginPath();
    pen.ellipse(160, 250, 95, 80, 0, 0, 7);
    pen.fill();
    pen.fillStyle = `hsl(${20 + (n % 4) * 6} 34% ${34 + ((n * 13) % 34)}%)`;
    pen.beginPath();
    pen.ellipse(160, 122, 44, 56, 0, 0, 7);
    pen.fill();
  }
  return canvas.captureStream(5);
}

/** Lines of writing in many sizes, to see whether they stay sharp and whole. */
function writing(): MediaStream {
  const canvas = document.createElement("canvas");
  canvas.width = 1920;
  canvas.height = 1080;
  const pen = canvas.getContext("2d");
  if (pen) {
    pen.fillStyle = "#fdfcf8";
    pen.fillRect(0, 0, 1920, 1080);
    pen.strokeRect(2, 2, 1916, 1076);
    pen.fillStyle = "#222";
    let y = 90;
    for (const size of [64, 48, 36, 28, 24, 20, 16]) {
      pen.font = `${size}px sans-serif`;
      for (let line = 0; line < 2; line++, y += size * 1.6)
        pen.fillText(`${size}: 5 4 3 2 1 · 0123456789 · 5 × 4 × 3`, 80, y);
    }
  }
  return canvas.captureStream(5);
}

const wanted = new URLSearchParams(location.search);
const scene = wanted.get("scene") ?? "before";
const locale = wanted.get("locale") ?? "en";
localStorage.setItem(
  STORAGE_KEY,
  JSON.stringify({ theme: wanted.get("theme") ?? "dark", ...JSON.parse(wanted.get("look") ?? "{}") }),
);
const l10n = locale === "ar-XB" ? pseudo(english) : createL10n(locale, locale === "de" ? german : english);
const root = document.getElementById("app");
if (!root) throw new Error("no root");
const fake = buildScene(scene, { cast: locale === "ar-XB" ? HEBREW : ENGLISH, picture, writing });
const unmount = mountApp(root, fake.model, fake.actions, l10n);

/** Effects run after the next frame. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 60));
async function press(): Promise<void> {
  for (const selector of PRESS[scene] ?? []) {
    await settle();
    document.querySelector<HTMLElement>(selector)?.click();
  }
  await settle();
  document.documentElement.dataset["ready"] = "";
}
void press();
Object.assign(globalThis, { gallery: { ...fake, unmount, scenes: Object.keys(SCENES) } });
