// Filled in next.
export {};
