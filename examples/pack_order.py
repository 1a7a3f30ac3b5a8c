"""An order packed into cartons, without any file."""

import abate


def main() -> None:
    """Pack two items and print the carton and its place for each."""
    cartons = (abate.Carton("S", 200, 150, 100), abate.Carton("M", 300, 200, 150))
    packed = abate.Packer(cartons).order(
        [abate.Item(190, 140, 60, 500), abate.Item(150, 140, 60, 300)]
    )
    for parcel in packed.parcels:
        print(f"carton {parcel.carton}: {len(parcel.placements)} items")
    print("no cheaper packing exists" if packed.proved else "found, not proved")


if __name__ == "__main__":
    main()
