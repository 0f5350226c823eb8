export async function replays() {
  return true;
}
