// What a run says at its end: a line per figure on the terminal, the same as one HTML page and as JSON.

/** The part of k6's end-of-test data that is read here. */
export interface SummaryData {
  metrics: Record<string, { values: Record<string, number>; thresholds?: Record<string, { ok: boolean }> }>;
}

const esc = (text: string): string => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c);
const num = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(2));

function rows(data: SummaryData): { name: string; values: string; ok: boolean }[] {
  return Object.keys(data.metrics)
    .filter((name) => name.startsWith('parley_'))
    .sort()
    .map((name) => {
      const metric = data.metrics[name];
      const values = Object.entries(metric?.values ?? {}).map(([key, value]) => `${key}=${num(value)}`);
      const ok = Object.values(metric?.thresholds ?? {}).every((threshold) => threshold.ok);
      return { name, values: values.join('  '), ok };
    });
}

/** For k6's handleSummary: files and stdout. */
export function summarise(title: string, note: string, data: SummaryData): Record<string, string> {
  const lines = rows(data);
  const passed = lines.every((line) => line.ok);
  const verdict = passed ? 'passed' : 'FAILED';
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Parley load: ${esc(title)}</title>
<style>body{font:15px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse;width:100%}td,th{text-align:start;padding:.35rem .6rem;border-bottom:1px solid #8884;font-variant-numeric:tabular-nums}.bad{color:#c22;font-weight:600}</style>
<h1>${esc(title)}: <span class="${passed ? '' : 'bad'}">${verdict}</span></h1><p>${esc(note)}</p><table><tr><th>metric<th>values<th>threshold</tr>
${lines.map((line) => `<tr class="${line.ok ? '' : 'bad'}"><td>${esc(line.name)}<td>${esc(line.values)}<td>${line.ok ? 'held' : 'broken'}</tr>`).join('\n')}</table></html>\n`;
  const text = [`\n${title}: ${verdict}. ${note}`, ...lines.map((line) => `  ${line.ok ? ' ' : '!'} ${line.name.padEnd(24)} ${line.values}`), ''].join('\n');
  const file = `load/results/${title}`;
  return { stdout: `${text}\n`, [`${file}.html`]: html, [`${file}.json`]: JSON.stringify(data, null, 1) };
}
