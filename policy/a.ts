export const x: string = "test";
