/** The style of the report: for screens, dark ones too, and for paper. @internal */
export const pageStyle = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2330; --muted: #5b6575; --line: #dfe3ea; --soft: #f5f7fa; --accent: #0b5cad; --warning: #8a4b00; --heat: #0b5cad; --on-middle: #000000; --on-pale: #000000; --on-strong: #ffffff;
  --series-0: #0b5cad; --series-1: #c4500c; --series-2: #0a7f5a; --series-3: #a63d87; --series-4: #9a7400; --series-5: #2a93c9; --series-6: #6a51a3; --series-7: #5f6368; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161d; --ink: #e6eaf1; --muted: #a3adbb; --line: #2d3542; --soft: #1b212b; --accent: #7db8f5; --warning: #f0b35e; --heat: #7db8f5; --on-middle: #000000; --on-pale: #ffffff; --on-strong: #000000;
  --series-0: #6fb1f2; --series-1: #f28e4f; --series-2: #4cc79b; --series-3: #df8fc6; --series-4: #d9b440; --series-5: #6ccbf5; --series-6: #b3a0e6; --series-7: #b4bac2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main, header { max-width: 960px; margin: 0 auto; padding: 0 32px; }
header { padding-top: 40px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 20px; line-height: 1.3; margin: 44px 0 12px; }
h3 { font-size: 15px; margin: 0 0 4px; }
h3.apart { margin-top: 20px; }
section > * + h3, section > * + figure { margin-top: 28px; }
section > * + .table { margin-top: 16px; }
section > h3 + .table, section > h2 + figure, section > .legend + figure { margin-top: 4px; }
p { margin: 0 0 12px; }
.subtitle { color: var(--muted); margin: 0 0 24px; }
.headline { font-size: 20px; line-height: 1.4; font-weight: 600; margin: 0 0 8px; }
.findings { background: var(--soft); border-left: 4px solid var(--accent); padding: 18px 22px; border-radius: 0 6px 6px 0; }
.findings ul { margin: 0; padding-left: 20px; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: 14px; padding-bottom: 8px; }
th, td { padding: 8px 12px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; }
thead th { border-bottom: 2px solid var(--muted); font-size: 14px; font-weight: 600; vertical-align: bottom; white-space: normal; }
tbody th { font-weight: 500; }
tr.best th, tr.best td { font-weight: 700; }
tr.summary th, tr.summary td { color: var(--muted); border-bottom: none; font-style: italic; }
table.heat { width: auto; margin: 4px 0 16px; border-collapse: separate; border-spacing: 2px; }
.heat th, .heat td { border: none; padding: 6px 10px; }
.heat thead th { border: none; text-align: center; vertical-align: bottom; font-weight: 500; white-space: nowrap; }
.heat th:first-child { white-space: nowrap; padding-left: 0; text-align: left; font-size: 14px; }
.heat thead th:first-child { color: var(--muted); font-weight: 400; }
.heat td { text-align: center; min-width: 56px; border-radius: 3px; color: var(--ink); }
.heat td.pale, .heat td.middle, .heat td.strong { text-align: center; padding: 6px 10px; background: color-mix(in srgb, var(--heat) var(--share), var(--paper)); print-color-adjust: exact; }
@supports (color: color-mix(in srgb, red, blue)) { .heat td.pale { color: var(--on-pale); } .heat td.middle { color: var(--on-middle); } .heat td.strong { color: var(--on-strong); } }
.heat.narrow td, .heat.narrow td.pale, .heat.narrow td.middle, .heat.narrow td.strong { padding: 4px 3px; min-width: 24px; font-size: 11px; }
.heat.narrow thead th:not(:first-child) { padding: 0 2px 4px; }
.heat.narrow thead th:not(:first-child) span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 150px; overflow: hidden; text-overflow: ellipsis; }
.heat abbr { text-decoration: none; }
.scale { white-space: nowrap; margin-right: 20px; }
.scale i { display: inline-block; width: 90px; height: 10px; margin: 0 6px; border-radius: 2px; background: linear-gradient(to right, var(--paper), var(--heat)); outline: 1px solid var(--line); print-color-adjust: exact; }
figure { margin: 0; }
figure svg { display: block; width: 100%; height: auto; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 0 0 6px; padding: 0; font-size: 14px; }
figure .legend svg, .legend svg { display: inline-block; width: 34px; height: 8px; margin-right: 6px; vertical-align: middle; }
figcaption, .note { color: var(--muted); font-size: 14px; margin-top: 8px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 20px 28px; margin: 8px 0 24px; }
.triple { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 12px 20px; margin: 8px 0 0; }
.triple h4 { font-size: 14px; font-weight: 500; margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 16px; overflow-x: auto; font: 13px/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; }
footer { max-width: 960px; margin: 48px auto 0; padding: 16px 32px 40px; color: var(--muted); font-size: 14px; border-top: 1px solid var(--line); }
@media (max-width: 600px) { figure { overflow-x: auto; } figure > svg[viewBox^="0 0 880 "] { min-width: 620px; } main, header, footer { padding-left: 16px; padding-right: 16px; } dl { grid-template-columns: 1fr; } dt { margin-top: 8px; } }
@media print {
  :root { color-scheme: light; --paper: #ffffff; --ink: #000000; --muted: #444444; --line: #cccccc; --soft: #ffffff; --accent: #000000; --heat: #0b5cad; --on-middle: #000000; --on-pale: #000000; --on-strong: #ffffff;
    --series-0: #0b5cad; --series-1: #c4500c; --series-2: #0a7f5a; --series-3: #a63d87; --series-4: #9a7400; --series-5: #2a93c9; --series-6: #6a51a3; --series-7: #5f6368; }
  body { font-size: 10.5pt; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header { padding-top: 0; }
  h2 { break-after: avoid; margin-top: 24px; }
  figure, table, .findings { break-inside: avoid; }
  .pair { grid-template-columns: 1fr 1fr; }
  .triple { grid-template-columns: 1fr 1fr 1fr; }
  pre { white-space: pre-wrap; columns: 2; font-size: 7.5pt; }
  @page { margin: 16mm; }
}
`
