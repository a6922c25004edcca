// Circles of imports between the files of a room. Imports of types count as well: they do no harm when the program runs,
// but whoever reads one file of a circle has to read all of it.
import { targetOf } from './imports.ts'
import { CIRCLES_ALLOWED } from './rooms.ts'
import type { Source } from './sources.ts'

export function checkCircles(sources: readonly Source[], allowed = CIRCLES_ALLOWED): string[] {
  const paths = new Set(sources.map(({ path }) => path))
  const edges = new Map<string, readonly string[]>()
  for (const { path, imports } of sources) {
    const targets = imports.map(({ name }) => targetOf(path, name))
    edges.set(
      path,
      targets.filter((target): target is string => target !== undefined && paths.has(target)),
    )
  }
  const circles = findCircles(edges)
  const isAllowed = (circle: readonly string[], where: string): boolean => circle.every(path => path.startsWith(where))
  const breaches = circles
    .filter(circle => !allowed.some(({ where }) => isAllowed(circle, where)))
    .map(circle => `${circle[0]}: imports itself in a circle, with ${circle.slice(1).join(', ') || 'nothing between'}`)
  for (const { where } of allowed)
    if (!circles.some(circle => isAllowed(circle, where)))
      breaches.push(`${where}: has no circle of imports any more: take it out of scripts/house/rooms.ts`)
  return breaches
}

/** The strongly connected components (Tarjan) of more than one node, or of one that leads to itself; sorted. */
export function findCircles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const path: string[] = []
  const onPath = new Set<string>()
  const circles: string[][] = []
  const visit = (node: string): void => {
    order.set(node, order.size)
    lowest.set(node, order.get(node)!)
    path.push(node)
    onPath.add(node)
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (onPath.has(next)) lowest.set(node, Math.min(lowest.get(node)!, lowest.get(next)!))
    }
    if (lowest.get(node) !== order.get(node)) return
    const component = path.splice(path.indexOf(node))
    for (const member of component) onPath.delete(member)
    if (component.length > 1 || edges.get(node)?.includes(node)) circles.push(component.sort())
  }
  for (const node of edges.keys()) if (!order.has(node)) visit(node)
  return circles.sort()
}
