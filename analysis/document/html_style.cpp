#include "analysis/document/html_style.hpp"

namespace harrow::analysis {

const char* html_style() {
    return R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2127; --soft: #5a6470; --rule: #c9d0d8; --hair: #e6eaee;
  --band: #f4f6f8; --link: #0b5cad; --warn: #7a3e00; --warn-band: #fff3e0; --shade: rgba(0, 0, 0, .16);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --ink: #e4e8ec; --soft: #9aa5b1; --rule: #4a545f; --hair: #272d34;
    --band: #1c2127; --link: #7db8f2; --warn: #ffc483; --warn-band: #33240f; --shade: rgba(0, 0, 0, .6);
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; max-width: 80rem; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
h1, h2 { line-height: 1.2; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; letter-spacing: -.015em; margin: 0 0 .75rem; }
h2 { font-size: 1.3rem; margin: 3rem 0 .75rem; padding-top: 1.1rem; border-top: 1px solid var(--hair); }
h2 a { color: inherit; text-decoration: none; }
h2 a:hover::after, h2 a:focus::after { content: " #"; color: var(--soft); }
p { margin: .6rem 0; max-width: 46rem; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; }
nav { margin: 1.25rem 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 0; padding: 0; list-style: none; }
.warning {
  color: var(--warn); background: var(--warn-band); border-left: .25rem solid currentColor;
  padding: .5rem .8rem; border-radius: .2rem;
}
figure { margin: 1.25rem 0 1.75rem; }
figcaption { margin: 0 0 .4rem; max-width: 46rem; font-weight: 600; overflow-wrap: anywhere; }
.drawing figcaption { margin: .3rem 0 0; font-weight: 400; font-size: .9rem; color: var(--soft); }
.scroll {
  overflow-x: auto; max-width: 100%; -webkit-overflow-scrolling: touch;
  background:
    linear-gradient(to left, var(--paper) 1rem, transparent 3rem) right / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--shade), transparent) right / .7rem 100% no-repeat scroll;
}
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table {
  border-collapse: separate; border-spacing: 0; font-size: .9rem; line-height: 1.4;
  font-variant-numeric: tabular-nums lining-nums;
  border-top: 2px solid var(--ink); border-bottom: 2px solid var(--ink);
}
th, td { padding: .3rem .65rem; text-align: right; vertical-align: top; white-space: nowrap; }
thead th { vertical-align: bottom; font-weight: 600; }
thead tr:last-child th { border-bottom: 1px solid var(--ink); }
thead th.group { text-align: center; border-bottom: 1px solid var(--rule); font-weight: 600; }
tbody tr + tr > * { border-top: 1px solid var(--hair); }
tbody tr.rule > * { border-top: 1px solid var(--ink); }
tbody th { font-weight: 400; }
th.text, td.text { text-align: left; }
.prose td.text { white-space: normal; min-width: 9rem; max-width: 34rem; overflow-wrap: anywhere; }
tr > .text:first-child {
  position: sticky; left: 0; z-index: 1; background: var(--paper);
  white-space: normal; min-width: min(var(--name), 16rem); max-width: 24rem; overflow-wrap: break-word;
}
tbody tr:hover > * { background: var(--band); }
b { font-weight: 700; }
u { text-decoration: underline; text-underline-offset: .2em; text-decoration-thickness: .08em; }
td small { color: var(--soft); font-size: .82em; }
td sup { line-height: 0; }
[title] { cursor: help; }
tbody [title]:not(:has(u, b)) { text-decoration: underline dotted var(--rule); text-underline-offset: .25em; }
.notes { margin: .45rem 0 0; padding: 0; list-style: none; max-width: 46rem; font-size: .87rem; color: var(--soft); }
.notes li { margin: .15rem 0; overflow-wrap: anywhere; }
.drawings { display: grid; gap: 0 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.drawing .scroll { background: none; }
.drawing svg { display: block; width: 100%; height: auto; min-width: var(--least); }
.drawing svg text { font-family: inherit; }
.gallery { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.gallery figure { margin: 0; }
.gallery img { display: block; max-width: 100%; height: auto; border-radius: .2rem; background: #808080; }
.gallery figcaption { margin-top: .3rem; font-weight: 400; font-size: .87rem; color: var(--soft); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--hair); font-size: .9rem; color: var(--soft); }
@media (max-width: 40rem) {
  body { padding-top: 1rem; }
  h1 { font-size: 1.5rem; }
  h2 { font-size: 1.15rem; margin-top: 2.2rem; }
  table { font-size: .82rem; }
  th, td { padding: .3rem .45rem; }
  tr > .text:first-child { min-width: min(var(--name), 30vw); max-width: 42vw; overflow-wrap: anywhere; }
  .prose td.text { min-width: 11rem; }
  .prose tr > .text:first-child { position: static; }
}
@page { margin: 14mm; }
@page wide { size: landscape; }
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --rule: #999; --hair: #ddd; --band: #fff; --link: #000;
          --warn: #000; --warn-band: #fff; color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, footer, .files { display: none; }
  h2 { break-after: avoid; margin-top: 1.4rem; }
  p { orphans: 3; widows: 3; }
  .scroll { overflow: visible; background: none; }
  table { font-size: 8pt; }
  th, td { padding: .12rem .35rem; }
  thead { display: table-header-group; }
  tr, .short, .drawing, .gallery figure { break-inside: avoid; }
  tr > .text:first-child { position: static; max-width: 12rem; }
  .wide { page: wide; }
  .wide table { font-size: 6.5pt; }
  .widest table { font-size: 5pt; }
  .widest th, .widest td { padding: .1rem .2rem; }
  .drawings { display: block; }
  .drawing svg { max-width: 16cm; min-width: 0; }
  tbody [title] { text-decoration: none; }
}
)css";
}

}  // namespace harrow::analysis
