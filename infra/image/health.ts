// health.ts PORT: ends with 0 when the process on this port of this machine takes work (degraded does), else with 1 and the reason.
const [port = ''] = process.argv.slice(2);
const address = `http://127.0.0.1:${port}/health/ready`;
const problem = await fetch(address, { signal: AbortSignal.timeout(4_000) }).then(
  (response) => (response.ok ? null : `${address} answers ${response.status}`),
  () => `nobody answers at ${address}`,
);
if (problem !== null) {
  console.error(problem);
  process.exitCode = 1;
}

export {};
