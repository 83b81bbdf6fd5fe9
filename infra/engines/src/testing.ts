// Engines for test files. Filled in next.
export {};
