/**
 * An invented gift catalogue.
 * @module
 */

/** A gift. */
export interface GiftSpec {
  readonly id: number;
  readonly name: string;
  /** 1 can be repeated in a streak. */
  readonly type: number;
  /** Price of one, in diamonds. */
  readonly diamonds: number;
}

/** Gifts that the rooms of the stand-in know, cheap ones first. */
export const GIFTS: readonly GiftSpec[] = [
  { id: 9001, name: "Tea Leaf", type: 1, diamonds: 1 },
  { id: 9002, name: "Paper Boat", type: 1, diamonds: 1 },
  { id: 9003, name: "Acorn", type: 1, diamonds: 5 },
  { id: 9004, name: "Lantern", type: 1, diamonds: 10 },
  { id: 9005, name: "Umbrella", type: 1, diamonds: 30 },
  { id: 9006, name: "Music Box", type: 2, diamonds: 99 },
  { id: 9007, name: "Hot Air Balloon", type: 2, diamonds: 500 },
  { id: 9008, name: "Glass Comet", type: 2, diamonds: 1500 },
  { id: 9009, name: "Whale Song", type: 4, diamonds: 29999 },
];
