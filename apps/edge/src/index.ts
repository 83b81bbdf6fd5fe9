// The edge: the one HTTP entrance, and the reference documents that are made from the same schemas. Carries no sockets.
export { buildAsyncApi } from './documents/asyncapi.ts';
export { buildOpenApi } from './documents/openapi.ts';
export { createEdge, type EdgeDeps } from './edge.ts';
export { createEdgeProxy, type EdgeProxy, type EdgeProxyDeps } from './proxy/edge-proxy.ts';
export { FALLBACKS } from './proxy/fallbacks.ts';
export { buildPublicApi, type PublicApi, type PublicRoute, publicApi } from './proxy/public-api.ts';
