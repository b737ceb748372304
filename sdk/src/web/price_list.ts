/**
 * `webcast/wallet_api/fs/diamond`: what coins cost (protocol.md 6). The address is an old one.
 * @module
 */
import { LiveError } from "../errors.ts";
import type { CallContext } from "./calls.ts";
import type { HttpRequest } from "./http.ts";
import { at, firstId, flag, list, number, optionalText, text } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";

/** A price in one currency. */
export interface CurrencyPrice {
  /** Code, such as `EUR`. */
  currency: string;
  /** TikTok's number; {@link CurrencyPrice.shown} is what people see. */
  price: number;
  /** TikTok's number without a discount. */
  originalPrice: number | undefined;
  /** Digits behind the point that TikTok shows. */
  decimals: number | undefined;
  /** Whether TikTok shows digits behind the point also when they are zero. */
  keepDecimals: boolean;
  /** As TikTok shows it; empty when it does not say. */
  shown: string;
}

/** A packet of coins that is for sale. */
export interface CoinPackage {
  /** TikTok's id of the packet, a decimal string. */
  id: string;
  /** Coins in it, those given on top not counted. */
  diamonds: number;
  /** Coins given on top. */
  extraDiamonds: number;
  /** In US cents. */
  priceUsdCents: number;
  /** In US cents; `undefined` without a discount. */
  discountUsdCents: number | undefined;
  /** TikTok's number for those who pay with what they earned. */
  exchangePrice: number | undefined;
  /** What viewers read beside it. */
  describe: string;
  /** Name of the packet in the app stores. */
  iapId: string;
  /** Id of a coupon that goes with it. */
  couponId: string | undefined;
  /** The price in other currencies, those of the client's address first. */
  prices: CurrencyPrice[];
}

/** What coins cost at the client's address. */
export interface PriceList {
  /** The packets, in TikTok's order. */
  packages: CoinPackage[];
  /** Codes of the currencies that TikTok names. */
  currencies: string[];
  /** Code of the currency of the client's address. */
  defaultCurrency: string | undefined;
  /** Id of the packet that TikTok recommends. */
  recommendedPackageId: string | undefined;
  /** TikTok's whole answer. */
  data: Readonly<Record<string, unknown>>;
}

const ACTION = "Read the price list";

/** The price list of the client's address. */
export function priceListRequest(context: CallContext): HttpRequest {
  const url = `${context.baseUrls.webcast}/webcast/wallet_api/fs/diamond?${context.query({})}`;
  return { action: ACTION, url, wants: "json" };
}

/** @throws {LiveError} `login_required`, or `protocol` when the answer has another shape */
export function parsePriceList(reply: HttpReply): PriceList {
  const body = readJson(reply, ACTION);
  const statusCode = number(at(body, "status_code"));
  const packages = at(body, "data");
  if ((statusCode !== undefined && statusCode !== 0) || !Array.isArray(packages)) {
    const code = statusCode === 20003 ? "login_required" : "protocol";
    throw new LiveError(code, `${ACTION}: TikTok answered without prices`, {
      evidence: { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) },
    });
  }
  const extra = at(body, "extra");
  return {
    packages: list(packages).map((entry) => ({
      id: firstId(at(entry, "id")),
      diamonds: number(at(entry, "diamond_count")) ?? 0,
      extraDiamonds: number(at(entry, "giving_count")) ?? 0,
      priceUsdCents: number(at(entry, "price")) ?? 0,
      discountUsdCents: number(at(entry, "discount_price")) || undefined,
      exchangePrice: number(at(entry, "exchange_price")),
      describe: text(at(entry, "describe")),
      iapId: text(at(entry, "iap_id")),
      couponId: optionalText(at(entry, "coupon_id")),
      prices: list(at(entry, "currency_price")).map((price) => ({
        currency: text(at(price, "currency")),
        price: number(at(price, "price")) ?? 0,
        originalPrice: number(at(price, "original_price")),
        decimals: number(at(price, "price_dot")),
        keepDecimals: flag(at(price, "keep_dot")),
        shown: text(at(price, "price_show_form")),
      })),
    })),
    currencies: list(at(extra, "currency_list")).map((entry) => text(entry) || text(at(entry, "currency"))).filter(
      Boolean,
    ),
    defaultCurrency: optionalText(at(extra, "default_currency")) ??
      optionalText(at(extra, "default_currency", "currency")),
    recommendedPackageId: firstId(at(extra, "recommended_packet_id")) || undefined,
    data: body as Readonly<Record<string, unknown>>,
  };
}
