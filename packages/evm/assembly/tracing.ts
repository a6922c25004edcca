// The build says which of the two engines this is (`--use TRACING=1`): in the tracing one every instruction is a block of its
// own, and the host hears of each, and of every frame.

// @ts-ignore: defined by the build
export const IS_TRACING: bool = TRACING != 0
