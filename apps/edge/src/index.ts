// The edge: the one HTTP entrance. Carries no sockets.
export { createEdge, type EdgeDeps } from './edge.ts';
