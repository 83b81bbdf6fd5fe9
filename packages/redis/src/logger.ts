// What adapters need of a logger. Structurally a part of runtime's Logger (pino): adapters do not import the runtime.

export interface AdapterLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
