// Positions on the sphere as points of a cubic lattice around the earth: whole numbers, so that distances compare exactly,
// and three axes, so that the poles and the date line are places like any other.

/** Each axis from 0 to 2^17 - 1: cells of 97 m, finer than any look-up of an address. */
export const LATTICE_BITS = 17
const CENTRE = 2 ** (LATTICE_BITS - 1)
const RADIUS = CENTRE - 1
const EARTH_RADIUS_KM = 6_371.0088
const RADIANS = Math.PI / 180

export interface SpherePoint {
  readonly x: number
  readonly y: number
  readonly z: number
}

/** For peers whose position is not known: equally far from every place on the surface (6,671 km as the crow flies). */
export const EARTH_CENTRE: SpherePoint = { x: CENTRE, y: CENTRE, z: CENTRE }

export function spherePoint(latitude: number, longitude: number): SpherePoint {
  const aroundAxis = Math.cos(latitude * RADIANS)
  return {
    x: onLattice(aroundAxis * Math.cos(longitude * RADIANS)),
    y: onLattice(aroundAxis * Math.sin(longitude * RADIANS)),
    z: onLattice(Math.sin(latitude * RADIANS)),
  }
}

function onLattice(coordinate: number): number {
  return CENTRE + Math.round(coordinate * RADIUS)
}

/** Square of the straight line, in cells: it orders points as the great circle does, and is exact. */
export function squaredDistance(a: SpherePoint, b: SpherePoint): number {
  return (a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2
}

/** Great circle over such a straight line. */
export function kilometres(squared: number): number {
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(squared) / (2 * RADIUS)))
}
