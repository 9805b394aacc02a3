// Days and hours in a zone, as people there read them.

/** A working day of the zone's running month: tomorrow or later where there is one, so that it is
 *  after everything that the journey does. */
export function workingDay(zone: string): string {
  const [year, month, day] = today(zone).split("-").map(Number);
  const days = Array.from({ length: new Date(Date.UTC(year, month, 0)).getUTCDate() }, (_, i) => i + 1);
  const working = days.filter((d) => ![0, 6].includes(new Date(Date.UTC(year, month - 1, d)).getUTCDay()));
  const chosen = working.find((d) => d > day) ?? working.at(-1);
  return `${year}-${String(month).padStart(2, "0")}-${String(chosen).padStart(2, "0")}`;
}

/** Today's date there, such as 2026-11-21. */
export function today(zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(new Date());
}

/** The moment of a clock in a zone, with the zone's offset on that day: 2026-11-23T10:00:00-05:00. */
export function moment(day: string, clock: string, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(
    new Date(`${day}T${clock}:00Z`),
  );
  const offset = parts.find((p) => p.type === "timeZoneName")?.value.replace("GMT", "") || "+00:00";
  return `${day}T${clock}:00${offset}`;
}
