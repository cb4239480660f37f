/** The report's style sheet. Colours are variables, so that light and dark differ in one place. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fbfbfa; --ink: #1d2126; --quiet: #667079; --rule: #dfe2e4; --band: #f1f3f3; --band-b: #e7ebec;
  --adapted: #0a7d5a; --unadapted: #8b6f9c; --up: #b5561a; --down: #2f69b3; }
@media (prefers-color-scheme: dark) { :root { --page: #15181b; --ink: #e6e8ea; --quiet: #98a2ab; --rule: #30363b; --band: #1b2024; --band-b: #23292e;
  --adapted: #4fd0a3; --unadapted: #b99bcb; --up: #e89a63; --down: #7fb0ee; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 40px 28px 64px; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 21px; margin: 48px 0 8px; } h3 { font-size: 16px; margin: 28px 0 4px; }
p { max-width: 72ch; margin: 8px 0; } .quiet { color: var(--quiet); } .outcome { font-size: 18px; }
figure { margin: 0; } svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
.strips { display: flex; flex-wrap: wrap; gap: 16px; margin: 12px 0 4px; } .strips figcaption { font-size: 13px; color: var(--quiet); }
.strips img { display: block; width: 296px; max-width: 100%; image-rendering: pixelated; border-radius: 3px; }
.band0 { fill: var(--band); } .band1 { fill: var(--band-b); } .grid { stroke: var(--rule); } .change { stroke: var(--quiet); stroke-dasharray: 3 3; }
text { fill: var(--quiet); } .environment { fill: var(--ink); font-size: 13px; } .end { font-weight: 600; font-size: 12.5px; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } .line.adapted { stroke: var(--adapted); stroke-width: 2.6; } .end.adapted { fill: var(--adapted); }
.line.unadapted { stroke: var(--unadapted); stroke-dasharray: 5 3; } .end.unadapted { fill: var(--unadapted); }
.line.up { stroke: var(--up); } .end.up { fill: var(--up); } .line.down { stroke: var(--down); } .end.down { fill: var(--down); }
.mark { stroke: var(--adapted); } .version { font-size: 10.5px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 600; color: var(--quiet); vertical-align: bottom; } td { text-align: right; }
th, td { padding: 5px 0 5px 14px; border-bottom: 1px solid var(--rule); white-space: nowrap; } th.name, td.name { text-align: left; padding-left: 0; } tr.device td { border-top: 2px solid var(--rule); }
.better { color: var(--adapted); font-weight: 600; } .worse { color: var(--up); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; font-size: 14px; } dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
`;
