/** Loaded before the server: from SIGUSR2 on its clock is CLOCK_SHIFT_MS off, as after a correction of the machine's clock. Timers are not touched by one. */
const shift = Number(process.env.CLOCK_SHIFT_MS);
const RealDate = Date;
const trueNow = Date.now.bind(Date);
let by = 0;

class ShiftedDate extends RealDate {
  constructor(...args: readonly unknown[]) {
    if (args.length === 0) super(trueNow() + by);
    else super(...(args as [number]));
  }
  static override now(): number {
    return trueNow() + by;
  }
}
globalThis.Date = ShiftedDate as DateConstructor;
process.on("SIGUSR2", () => {
  by = shift;
});
