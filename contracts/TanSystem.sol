// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IPaymentPools} from "./IPaymentPools.sol";
import {IStaking} from "./IStaking.sol";
import {ITanToken} from "./ITanToken.sol";

/// @title Addresses of the system contracts of a TAN chain
library TanSystem {
    ITanToken internal constant TAN = ITanToken(0x0000000000000000000000000000000054414e01);
    IStaking internal constant STAKING = IStaking(0x0000000000000000000000000000000054414E02);
    IPaymentPools internal constant PAYMENT_POOLS = IPaymentPools(0x0000000000000000000000000000000054414E03);
}
