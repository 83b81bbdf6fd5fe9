// The report of a run as one page that needs nothing else: the verdict first, then the counts with what they had to be, then the times. Pure.
import type { LoadReport, TrendReport } from './report-json.ts';

const esc = (text: string): string => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);
/** k6 1.8 knows no locales. */
const thousands = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
const number = (value: number | null): string => (value === null ? '–' : value >= 100 || Number.isInteger(value) ? thousands(value) : value.toFixed(1));

const CSS = `:root{color-scheme:light dark;--line:light-dark(#d9dce1,#3a3f47);--soft:light-dark(#5b6470,#9aa4b1);--good:light-dark(#16713a,#5fcf8b);--bad:light-dark(#b3261e,#ff8a80);--none:light-dark(#8a5a00,#e8b84a);--ink:light-dark(#3857c5,#8fa8ff)}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;background:light-dark(#fff,#17191d);color:light-dark(#1c2026,#e6e9ee)}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.verdict{font-weight:700}.passed{color:var(--good)}.failed{color:var(--bad)}.no-verdict{color:var(--none)}
p.soft,dt,td.soft{color:var(--soft)}ul.why{padding-inline-start:1.2rem}table{border-collapse:collapse;width:100%}th,td{text-align:start;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:end;font-variant-numeric:tabular-nums}.scroll{overflow-x:auto}code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dd{margin:0;overflow-wrap:anywhere}svg{display:block}svg .rail{stroke:var(--line)}svg .span{stroke:var(--ink)}svg circle{fill:var(--ink)}`;

const WIDTH = 180;
const PAD = 5;

/** From the least to the greatest on a scale that all trends share, logarithmic from 1 ms, with p50 and p99 as dots. */
function spanOf(trend: TrendReport, most: number): string {
  const { min, p50, p99, max } = trend;
  if (min === null || p50 === null || p99 === null || max === null) return '';
  const x = (ms: number): string => (PAD + ((WIDTH - 2 * PAD) * Math.log10(Math.max(1, ms))) / Math.max(1, Math.log10(most))).toFixed(1);
  return `<svg width="${WIDTH}" height="14" role="img" aria-label="from ${number(min)} to ${number(max)} ms, half up to ${number(p50)}, 99 of 100 up to ${number(p99)}"><line class="rail" x1="${PAD}" x2="${WIDTH - PAD}" y1="7" y2="7"/><line class="span" stroke-width="3" x1="${x(min)}" x2="${x(max)}" y1="7" y2="7"/><circle cx="${x(p50)}" cy="7" r="4"/><circle cx="${x(p99)}" cy="7" r="3"/></svg>`;
}

function thresholdsOf(report: LoadReport, metric: string): string {
  const own = report.thresholds.filter((threshold) => threshold.metric === metric);
  return own.map(({ rule, ok }) => `<span class="${ok ? 'passed' : 'failed'}">${ok ? 'held' : 'broken'}</span> <code>${esc(rule)}</code>`).join('<br>');
}

const VERDICTS = { passed: 'passed', failed: 'failed', 'no-verdict': 'no verdict' } as const;

/** `first`: counts that come before the others. */
export function htmlOf(report: LoadReport, what: string, first: readonly string[]): string {
  const names = [...first.filter((name) => report.counts[name] !== undefined), ...Object.keys(report.counts).filter((name) => !first.includes(name))];
  const counts = names.map((name) => `<tr><td>${esc(name)}<td class="n">${number(report.counts[name] ?? null)}<td>${thresholdsOf(report, name)}</tr>`);
  const most = Math.max(10, ...Object.values(report.trends).map(({ max }) => max ?? 0));
  const trends = Object.entries(report.trends).map(([name, trend]) => {
    const values = [trend.min, trend.p50, trend.p95, trend.p99, trend.max].map((value) => `<td class="n">${number(value)}`).join('');
    return `<tr><td>${esc(name.replace(/_ms$/, ''))}${values}<td>${spanOf(trend, most)}<td class="n soft">${number(trend.count)}<td>${thresholdsOf(report, name)}</tr>`;
  });
  const facts: [string, string][] = [
    ['when', report.at],
    ['took', `${report.seconds} s`],
    ['target', report.target],
    ['machine', report.machine ?? 'not said (PARLEY_MACHINE)'],
    ['k6', report.k6 ?? 'unknown'],
    [
      'settings',
      Object.entries(report.settings)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ],
    ['again', report.command],
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${esc(report.scenario)}: ${VERDICTS[report.verdict]}</title><style>${CSS}</style></head><body>
<h1>${esc(report.scenario)}: <span class="verdict ${report.verdict}">${VERDICTS[report.verdict]}</span></h1><p class="soft">${esc(what)}</p>
${report.why.length === 0 ? '' : `<ul class="why">${report.why.map((line) => `<li>${esc(line)}</li>`).join('')}</ul>`}
<h2>Counts</h2><div class="scroll"><table><tr><th>what<th class="n">count<th>threshold</tr>
${counts.join('\n')}</table></div>
<h2>Times, ms</h2><div class="scroll"><table><tr><th>what<th class="n">least<th class="n">p50<th class="n">p95<th class="n">p99<th class="n">most<th>least to most, p50 and p99<th class="n">samples<th>threshold</tr>
${trends.join('\n')}</table></div><p class="soft">One logarithmic scale for all, from 1 to ${number(most)} ms.</p>
<h2>The run</h2><dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd><code>${esc(value)}</code></dd>`).join('')}</dl></body></html>
`;
}
