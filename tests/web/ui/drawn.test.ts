// @vitest-environment happy-dom
/** What is written down twice stays the same: icons and their source, colours by choice and by the device's wish. */
import { h, render } from "preact";
import { describe, expect, it } from "vitest";
import { Icon, type IconName } from "../../../web/client/ui/icons";
import { clientSources, readWeb } from "./catalogues.mjs";

const source = readWeb("client/ui/icons.tsx");
const names = [
  ...source.matchAll(/^ {2}"?([a-z][\w-]*)"?: \(?</gm),
  ...source.matchAll(/^ {2}"?([a-z][\w-]*)"?: \(\n/gm),
].map((match) => match[1] as IconName);

/** Every shape of an icon with its attributes, in order. */
function shapes(svg: Element | null): string[] {
  return [...(svg?.children ?? [])].map((shape) => {
    const attributes = [...shape.attributes].map(({ name, value }) => `${name}=${value}`).sort();
    return `${shape.tagName.toLowerCase()} ${attributes.join(" ")}`;
  });
}

describe("icons", () => {
  it("are found", () => expect(new Set(names).size).toBeGreaterThan(20));

  it.each([...new Set(names)])("%s is Lucide's, and is used", (name) => {
    const ours = document.createElement("div");
    render(h(Icon, { name }), ours);
    const theirs = document.createElement("div");
    theirs.innerHTML = readWeb(`node_modules/lucide-static/icons/${name}.svg`).replace(/<!--.*?-->/s, "");
    expect(shapes(ours.querySelector("svg"))).toEqual(shapes(theirs.querySelector("svg")));
    expect(shapes(ours.querySelector("svg")).length).toBeGreaterThan(0);
    expect(clientSources().some((text) => text !== source && text.includes(`"${name}"`))).toBe(true);
  });
});

describe("colours", () => {
  const css = readWeb("client/ui/tokens.css").replace(/\/\*.*?\*\//gs, "");
  const block = (start: string): string[] => {
    const at = css.indexOf(start);
    expect(at, start).toBeGreaterThanOrEqual(0);
    const open = css.indexOf("{", at + start.length - 1);
    const inside = css.slice(open + 1, css.indexOf("}", open)).replace(/^.*\{/s, "");
    return inside
      .split(";")
      .map((line) => line.trim())
      .filter(Boolean);
  };

  it("are the same by choice as by the device's wish", () => {
    expect(block('(prefers-color-scheme: light) {\n  [data-theme="auto"] {')).toEqual(block('[data-theme="light"] {'));
    expect(block('(prefers-contrast: more) {\n  :root:not([data-theme]),\n  [data-theme="auto"] {')).toEqual(
      block('[data-theme="contrast"] {'),
    );
  });

  const value = (theme: string, name: string) => {
    const line = [...block(theme), ...block(":root {")].find((one) => one.startsWith(`--${name}:`));
    return line?.split(":")[1]?.trim() ?? "";
  };
  /** Relative luminance and contrast of two #rrggbb or #rgb colours (WCAG 2.2, "contrast ratio"). */
  const luminance = (colour: string) => {
    const digits = colour.length === 4 ? [...colour.slice(1)].map((d) => d + d).join("") : colour.slice(1);
    const [r = 0, g = 0, b = 0] = [0, 2, 4].map((i) => {
      const part = Number.parseInt(digits.slice(i, i + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one: string, other: string) => {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  /** One colour over another, as #rrggbb. */
  const over = (ink: string, opacity: number, ground: string) => {
    const part = (colour: string, at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
    const mixed = [1, 3, 5].map((at) => Math.round(opacity * part(ink, at) + (1 - opacity) * part(ground, at)));
    return `#${mixed.map((one) => one.toString(16).padStart(2, "0")).join("")}`;
  };

  it.each(["#ffffff", "#000000"])(
    "of the sign of a weak connection are told from its plate over a picture of %s",
    (picture) => {
      const [, r, g, b, opacity] = value(":root {", "plate").match(/^rgb\((\d+) (\d+) (\d+) \/ ([\d.]+)\)$/) ?? [];
      const dark = `#${[r, g, b].map((one) => Number(one).toString(16).padStart(2, "0")).join("")}`;
      const plate = over(dark, Number(opacity), picture);
      const lamp = value(":root {", "plate-lamp");
      const faint = Number(readWeb("client/ui/front.css").match(/\.faint \{\s*opacity: ([\d.]+)/)?.[1]);
      expect(contrast(lamp, plate)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(over(lamp, faint, plate), plate)).toBeGreaterThanOrEqual(3);
      expect(contrast(lamp, over(lamp, faint, plate))).toBeGreaterThanOrEqual(1.8);
    },
  );

  const text: [string, string][] = [
    ...["text", "text-2"].flatMap((ink) =>
      ["bg", "surface-1", "surface-2", "surface-3"].map((ground): [string, string] => [ink, ground]),
    ),
    ["on-primary", "primary"],
    ["on-primary", "primary-hover"],
    ["on-clay", "clay-fill"],
    ...["moss", "lake", "clay", "lamp"].flatMap((ink) =>
      ["bg", "surface-1", `${ink}-soft`].map((ground): [string, string] => [ink, ground]),
    ),
    ["bg", "text"],
    ["bg", "lamp"],
  ];
  const edges: [string, string][] = [
    ...["bg", "surface-1", "surface-2"].map((ground): [string, string] => ["line-strong", ground]),
    ...["bg", "surface-1", "surface-2", "focus-gap"].map((ground): [string, string] => ["focus", ground]),
    ["primary", "surface-1"],
    ["clay-fill", "surface-1"],
    ["focus-gap", "primary"],
  ];
  it.each([":root {", '[data-theme="light"] {', '[data-theme="contrast"] {'])("%s is readable", (theme) => {
    for (const [ink, ground] of text) {
      expect(contrast(value(theme, ink), value(theme, ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
    for (const [edge, ground] of edges) {
      expect(contrast(value(theme, edge), value(theme, ground)), `${edge} on ${ground}`).toBeGreaterThanOrEqual(3);
    }
  });
});
