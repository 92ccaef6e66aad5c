// What Node.js has beside the language, without types of its own.
declare var require: any, process: any, module: any, exports: any, Buffer: any;
declare var console: { log(...data: any[]): void; error(...data: any[]): void; warn(...data: any[]): void;
  info(...data: any[]): void; debug(...data: any[]): void; assert(...data: any[]): void; [name: string]: any };
declare function setTimeout(call: (...data: any[]) => void, ms?: number, ...data: any[]): any;
declare function setInterval(call: (...data: any[]) => void, ms?: number, ...data: any[]): any;
declare function setImmediate(call: (...data: any[]) => void, ...data: any[]): any;
declare function clearTimeout(id: any): void;
declare function clearInterval(id: any): void;
declare function queueMicrotask(call: () => void): void;
declare function structuredClone<T>(value: T): T;
declare var performance: any;
declare module "*";
