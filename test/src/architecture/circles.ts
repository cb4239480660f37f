/**
 * The groups of nodes that reach each other (Tarjan, "Depth-first search and linear graph algorithms", 1972): each
 * circle lies in one of them. A node that leads to itself is a group of one.
 * @param edges from a node to those it leads to; nodes that are no key are ignored
 * @returns each group sorted, in the order of their first names
 */
export function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const lower = (node: string, candidate: number): void => {
    lowest.set(node, Math.min(lowest.get(node) ?? candidate, candidate));
  };
  const visit = (node: string): void => {
    const number = order.size;
    order.set(node, number);
    lower(node, number);
    open.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!edges.has(next)) continue;
      if (!order.has(next)) {
        visit(next);
        lower(node, lowest.get(next) ?? number);
      } else if (open.includes(next)) lower(node, order.get(next) ?? number);
    }
    if (lowest.get(node) !== number) return;
    const group = open.splice(open.indexOf(node));
    if (group.length > 1 || edges.get(node)?.includes(node)) found.push(group.sort());
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return found.sort(([a = ''], [b = '']) => a.localeCompare(b));
}
