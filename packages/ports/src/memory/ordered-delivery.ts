// Calls listeners one after the other in the order asked, also when a listener asks for more while it runs.

/** Answers a function that runs a task now, or, when one is running, after it. A task that throws does not stop the others. */
export function createOrderedDelivery(): (task: () => void) => void {
  const waiting: (() => void)[] = [];
  let running = false;
  return (task) => {
    waiting.push(task);
    if (running) return;
    running = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
    } finally {
      running = false;
    }
  };
}
