// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import "./Token.sol";

/// Two tokens and a pool that swaps them at a constant product, and a factory of small contracts.
contract Market {
    Token public immutable a;
    Token public immutable b;
    uint112 private reserveA;
    uint112 private reserveB;
    uint32 private updated;
    uint256 public priceCumulative;

    event Swap(address indexed sender, uint256 amountIn, uint256 amountOut, bool aToB);
    event Sync(uint112 reserveA, uint112 reserveB);

    constructor() {
        a = new Token();
        b = new Token();
        sync(10 ** 26, 10 ** 26);
        a.transfer(msg.sender, 10 ** 26);
        b.transfer(msg.sender, 10 ** 26);
    }

    /// Takes `amountIn` of one token from the caller, who has approved it, and pays out the other, less 0.3 %.
    function swap(uint256 amountIn, bool aToB) external returns (uint256 amountOut) {
        (uint256 reserveIn, uint256 reserveOut) = aToB ? (reserveA, reserveB) : (reserveB, reserveA);
        uint256 withFee = amountIn * 997;
        amountOut = (withFee * reserveOut) / (reserveIn * 1000 + withFee);
        (Token tokenIn, Token tokenOut) = aToB ? (a, b) : (b, a);
        require(tokenIn.transferFrom(msg.sender, address(this), amountIn), "in");
        require(tokenOut.transfer(msg.sender, amountOut), "out");
        (uint256 nextIn, uint256 nextOut) = (reserveIn + amountIn, reserveOut - amountOut);
        require(nextIn * nextOut >= reserveIn * reserveOut, "product");
        if (aToB) sync(nextIn, nextOut);
        else sync(nextOut, nextIn);
        emit Swap(msg.sender, amountIn, amountOut, aToB);
    }

    function sync(uint256 nextA, uint256 nextB) private {
        uint32 elapsed = uint32(block.timestamp) - updated;
        if (elapsed > 0 && reserveA != 0) priceCumulative += (uint256(reserveB) << 112) / reserveA * elapsed;
        reserveA = uint112(nextA);
        reserveB = uint112(nextB);
        updated = uint32(block.timestamp);
        emit Sync(uint112(nextA), uint112(nextB));
    }
}

contract Small {
    uint256 public value;

    constructor(uint256 first) {
        value = first;
    }

    function set(uint256 next) external {
        value = next;
    }
}

contract Factory {
    event Made(Small small);

    function make(uint256 value) external returns (Small small) {
        small = new Small(value);
        emit Made(small);
    }

    /// Calls itself until `depth` is 0.
    function descend(uint256 depth) external returns (uint256) {
        return depth == 0 ? 0 : 1 + this.descend(depth - 1);
    }
}
