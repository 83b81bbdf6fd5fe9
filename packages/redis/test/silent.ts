// A logger that says nothing.
import type { AdapterLogger } from '@parley/redis';

const nothing = (): void => undefined;
export const silent: AdapterLogger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
