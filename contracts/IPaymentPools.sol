// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Pools of TANGam that pay any number of payees by off-chain vouchers
/// @notice Lives at 0x0000000000000000000000000000000054414e03. A credit pool (collateral above 0) pays any target with a
/// voucher of its signer; if the vouchers exceed its deposit, the collateral burns. A strict pool (collateral 0) pays each
/// target up to its reserved amount, which nothing can take away. Amounts are in wei of TANGam and below 2^96; voucher
/// amounts are cumulative per target over the pool's life. Vouchers and reservations are typed data (EIP-712: name
/// TAN PaymentPools, version 1).
interface IPaymentPools {
    /// @notice A part of the deposit that only its target can get.
    /// @param target the payee
    /// @param amount cumulative amount
    struct Reserve {
        address target;
        uint256 amount;
    }

    /// @notice A voucher, and the newest preimage of its hash chain.
    /// @param poolId the pool that pays
    /// @param target the payee
    /// @param amount cumulative value of the voucher alone
    /// @param targetSettlementSequence increases with every voucher for the target
    /// @param chainAnchor end of the chain: the preimage hashed `index` times with pool, target, sequence; 0 without chain
    /// @param chainLength how many units the chain can pay, at most 4,096; 0 without a chain
    /// @param unit amount that each preimage adds
    /// @param signature 65 bytes, by the pool's signer over the fields above
    /// @param preimage the newest preimage; ignored if index is 0
    /// @param index number of units that the preimage pays
    struct Redemption {
        bytes32 poolId;
        address target;
        uint256 amount;
        uint256 targetSettlementSequence;
        bytes32 chainAnchor;
        uint256 chainLength;
        uint256 unit;
        bytes signature;
        bytes32 preimage;
        uint256 index;
    }

    /// @notice The result of a redemption.
    /// @param code 0 paid, 1 nothing new, 2 paid less than shown, 3 paid less and proved an overspend; skipped: 4 unknown
    /// pool, 5 expired or closed, 6 not signed by the pool's signer, 7 wrong preimage or chain, 8 its value overflows
    /// @param shown value of voucher and preimage
    /// @param paid amount paid now
    struct Result {
        uint8 code;
        uint256 shown;
        uint256 paid;
    }

    /// @notice A pool was created.
    /// @param poolId id of the pool
    /// @param payer account that funded it and gets the rest
    /// @param resourceCommitment salted hash of the resource
    /// @param deposit maximum that it can pay
    /// @param collateral amount that burns if it is overspent; 0 for a strict pool
    /// @param expiryHeight block at which it expires; redemption stays possible for the grace period
    /// @param signer signs its vouchers
    /// @param reserver signs its reservations
    event PoolCreated(
        bytes32 indexed poolId,
        address indexed payer,
        bytes32 resourceCommitment,
        uint256 deposit,
        uint256 collateral,
        uint64 expiryHeight,
        address signer,
        address reserver
    );

    /// @notice A pool was topped up.
    /// @param poolId the pool
    /// @param deposit new deposit
    /// @param collateral new collateral
    /// @param expiryHeight new expiry
    event PoolToppedUp(bytes32 indexed poolId, uint256 deposit, uint256 collateral, uint64 expiryHeight);

    /// @notice A part of the deposit was reserved for a target.
    /// @param poolId the pool
    /// @param target the payee
    /// @param amount cumulative reserved amount
    event Reserved(bytes32 indexed poolId, address indexed target, uint256 amount);

    /// @notice A target released its unearned reservation.
    /// @param poolId the pool
    /// @param target the payee
    /// @param amount released amount
    event Released(bytes32 indexed poolId, address indexed target, uint256 amount);

    /// @notice A valid voucher was redeemed.
    /// @param poolId the pool
    /// @param target the payee
    /// @param shown value of the voucher
    /// @param paid amount paid now
    /// @param code see Result
    event Redeemed(bytes32 indexed poolId, address indexed target, uint256 shown, uint256 paid, uint8 code);

    /// @notice A pool promised more than it holds: it is frozen, and keeps paying from what is left.
    /// @param poolId the pool
    /// @param prover account that proved it
    /// @param claims minimum total of the promises
    /// @param burned part of the collateral that burned
    /// @param refund part of the collateral paid to the prover for gas
    event Overspent(bytes32 indexed poolId, address indexed prover, uint256 claims, uint256 burned, uint256 refund);

    /// @notice A pool was closed.
    /// @param poolId the pool
    /// @param returned amount returned to the payer
    event PoolClosed(bytes32 indexed poolId, uint256 returned);

    /// @notice The pool does not exist.
    /// @param poolId the pool
    error UnknownPool(bytes32 poolId);

    /// @notice The pool is frozen or closed.
    /// @param poolId the pool
    /// @param status 2 frozen, 3 closed
    error PoolNotOpen(bytes32 poolId, uint8 status);

    /// @notice The value sent is not deposit plus collateral.
    /// @param sent value sent
    /// @param needed value required
    error WrongValue(uint256 sent, uint256 needed);

    /// @notice The amount is not below 2^96.
    /// @param amount the amount
    error AmountTooLarge(uint256 amount);

    /// @notice The collateral is too low for the deposit.
    /// @param collateral resulting collateral
    /// @param needed required collateral
    error CollateralTooLow(uint256 collateral, uint256 needed);

    /// @notice The duration is 0 or too long.
    /// @param durationBlocks requested duration
    error DurationOutOfBounds(uint64 durationBlocks);

    /// @notice Reservations and payments would exceed the deposit.
    /// @param claims resulting total
    /// @param deposit the deposit
    error ReservesExceedDeposit(uint256 claims, uint256 deposit);

    /// @notice Amount and nonce of a reservation must exceed the previous ones.
    /// @param amount previously reserved amount
    /// @param nonce previous nonce
    error ReserveNotRising(uint256 amount, uint64 nonce);

    /// @notice The pool's reserver did not sign the reservation.
    error InvalidSignature();

    /// @notice The vouchers do not exceed the deposit.
    /// @param claims total that they show
    /// @param deposit the deposit
    error NotOverspent(uint256 claims, uint256 deposit);

    /// @notice Too many redemptions for one call.
    /// @param count number given; the maximum is 256
    error TooManyRedemptions(uint256 count);

    /// @notice Too many reservations for one call.
    /// @param count number given; the maximum is 256
    error TooManyReserves(uint256 count);

    /// @notice Payees can still redeem from the pool.
    /// @param closableHeight first block at which the pool can be closed
    error StillRedeemable(uint64 closableHeight);

    /// @notice The pool's expiry and grace period are over.
    /// @param closableHeight first block at which the pool could be closed
    error PoolExpired(uint64 closableHeight);

    /// @notice The caller is not the payer.
    /// @param payer the pool's payer
    error NotPayer(address payer);

    /// @notice There is nothing to release.
    error NothingReserved();

    /// @notice A strict pool has no collateral, and cannot be overspent.
    error StrictPool();

    /// @notice Creates a pool with the caller as its payer; send deposit plus collateral.
    /// @param resourceCommitment keccak256(resource id, salt)
    /// @param deposit maximum that it can pay
    /// @param collateral 0 for a strict pool, or a multiple of the deposit
    /// @param durationBlocks lifetime until expiry
    /// @param signer signs its vouchers; a plain key, for example of a session
    /// @param reserver signs its reservations; a plain key
    /// @param reserves initial reservations
    /// @return poolId keccak of chain id, payer, the payer's pool number and all terms: known in advance
    function createPool(
        bytes32 resourceCommitment,
        uint256 deposit,
        uint256 collateral,
        uint64 durationBlocks,
        address signer,
        address reserver,
        Reserve[] calldata reserves
    ) external payable returns (bytes32 poolId);

    /// @notice Tops up a pool; only its payer may call this. Send deposit plus collateral.
    /// @param poolId the pool
    /// @param deposit additional deposit, or 0
    /// @param collateral additional collateral; 0 for a strict pool
    /// @param durationBlocks additional duration
    function topUp(bytes32 poolId, uint256 deposit, uint256 collateral, uint64 durationBlocks) external payable;

    /// @notice Reserves a part of the deposit for a target. The reserver signs; anyone may submit.
    /// @param poolId the pool
    /// @param target the payee
    /// @param amount cumulative amount, above the previously reserved one
    /// @param nonce above the previous nonce
    /// @param signature 65 bytes, by the reserver
    function reserve(bytes32 poolId, address target, uint256 amount, uint64 nonce, bytes calldata signature) external;

    /// @notice Releases the caller's unearned reservation.
    /// @param poolId the pool
    function release(bytes32 poolId) external;

    /// @notice Pays vouchers to their targets; anyone may submit them. Skips invalid vouchers.
    /// @param redemptions at most 256
    /// @return results one per redemption, in order
    function redeem(Redemption[] calldata redemptions) external returns (Result[] memory results);

    /// @notice Proves, without paying, that vouchers and reservations exceed a credit pool's deposit. The collateral burns,
    /// less a refund of the caller's gas at the base fee: a fixed amount plus an amount per voucher. At least an amount
    /// equal to the deposit burns.
    /// @param poolId the pool
    /// @param redemptions vouchers of the pool; invalid ones are ignored
    function proveOverspend(bytes32 poolId, Redemption[] calldata redemptions) external;

    /// @notice Returns the rest to the payer after expiry and grace. Anyone may call this.
    /// @param poolId the pool
    function close(bytes32 poolId) external;

    /// @notice The state of a pool; after closing, only payer, expiry and status.
    /// @param poolId the pool
    /// @return payer account that funded it
    /// @return signer signs its vouchers
    /// @return reserver signs its reservations
    /// @return resourceCommitment salted hash of the resource
    /// @return deposit total deposit, including what was paid
    /// @return collateral amount that burns if it is overspent
    /// @return paid total paid
    /// @return claims sum over all targets of the larger of paid and reserved
    /// @return expiryHeight block at which it expires
    /// @return status 1 open, 2 frozen, 3 closed
    function pool(bytes32 poolId)
        external
        view
        returns (
            address payer,
            address signer,
            address reserver,
            bytes32 resourceCommitment,
            uint256 deposit,
            uint256 collateral,
            uint256 paid,
            uint256 claims,
            uint64 expiryHeight,
            uint8 status
        );

    /// @notice A pool's payments to a target and reservation for it.
    /// @param poolId the pool
    /// @param target the payee
    /// @return paid cumulative amount paid
    /// @return reserved cumulative amount reserved, including the paid part
    /// @return nonce nonce of the newest reservation
    function target(bytes32 poolId, address target)
        external
        view
        returns (uint256 paid, uint256 reserved, uint64 nonce);

    /// @notice The number of pools that an account has created, which is the number of its next pool.
    /// @param payer the account
    /// @return the number of pools
    function poolCount(address payer) external view returns (uint256);
}
