// Real time: a fault lasts as long as it lasts. Never used to wait for something that can be asked.
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ms until the test held; null: not within `ms`. */
export async function until(test: () => boolean | Promise<boolean>, ms: number): Promise<number | null> {
  const began = performance.now();
  while (performance.now() - began < ms) {
    if (await test()) return Math.round(performance.now() - began);
    await sleep(20);
  }
  return (await test()) ? Math.round(performance.now() - began) : null;
}
