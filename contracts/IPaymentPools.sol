// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Pools of TANGam that pay any number of payees by vouchers off chain
/// @notice Lives at 0x0000000000000000000000000000000054414e03. A credit pool (collateral above 0) pays whoever its signer
/// gives vouchers; more vouchers than its deposit holds burn the collateral. A strict pool (collateral 0) pays each target
/// what was reserved for it, which nothing can take away. Amounts are in wei of TANGam and below 2^96; those of vouchers
/// are cumulative for a target over the pool's life. Vouchers and reserves are typed data (EIP-712: name TAN PaymentPools,
/// version 1).
interface IPaymentPools {
    /// @notice A part of the deposit that only its target can get.
    /// @param target who
    /// @param amount how much, all in all
    struct Reserve {
        address target;
        uint256 amount;
    }

    /// @notice A voucher, and the newest preimage of its hash chain.
    /// @param poolId the pool that pays
    /// @param target who is paid
    /// @param amount what the voucher alone is worth, all in all
    /// @param targetSettlementSequence rises with every voucher for the target
    /// @param chainAnchor end of the chain: the preimage, hashed `index` times with pool, target and sequence; 0 without a chain
    /// @param chainLength how many units the chain can pay, at most 4,096; 0 without a chain
    /// @param unit what each preimage pays on top of the amount
    /// @param signature 65 bytes by the pool's signer, over all of the above
    /// @param preimage the newest one; ignored for index 0
    /// @param index how many units it pays
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

    /// @notice What became of a redemption.
    /// @param code 0 paid, 1 nothing new, 2 paid less than shown, 3 paid less and proved an overspend; skipped: 4 unknown
    /// pool, 5 expired or closed, 6 not signed by the pool's signer, 7 wrong preimage or chain, 8 its value overflows
    /// @param shown what voucher and preimage are worth
    /// @param paid what was paid now
    struct Result {
        uint8 code;
        uint256 shown;
        uint256 paid;
    }

    /// @notice A pool was made.
    /// @param poolId its id
    /// @param payer who paid for it, and gets the rest
    /// @param resourceCommitment hash of what it pays for, with a salt
    /// @param deposit what it can pay
    /// @param collateral what burns when it is overspent; 0 for a strict pool
    /// @param expiryHeight when it ends; it can be redeemed for the grace period after
    /// @param signer signs its vouchers
    /// @param reserver signs its reserves
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

    /// @notice A pool has grown.
    /// @param poolId the pool
    /// @param deposit what it is now
    /// @param collateral what it is now
    /// @param expiryHeight what it is now
    event PoolToppedUp(bytes32 indexed poolId, uint256 deposit, uint256 collateral, uint64 expiryHeight);

    /// @notice A part of the deposit is a target's own.
    /// @param poolId the pool
    /// @param target who can get it
    /// @param amount how much, all in all
    event Reserved(bytes32 indexed poolId, address indexed target, uint256 amount);

    /// @notice A target gave back what was reserved for it and not earned.
    /// @param poolId the pool
    /// @param target who
    /// @param amount how much
    event Released(bytes32 indexed poolId, address indexed target, uint256 amount);

    /// @notice A good voucher was redeemed.
    /// @param poolId the pool
    /// @param target who was paid
    /// @param shown what the voucher is worth
    /// @param paid what was paid now
    /// @param code see Result
    event Redeemed(bytes32 indexed poolId, address indexed target, uint256 shown, uint256 paid, uint8 code);

    /// @notice A pool promised more than it holds: it is frozen, and goes on paying from what is left.
    /// @param poolId the pool
    /// @param prover who showed it
    /// @param claims what was promised, at least
    /// @param burned how much of the collateral is gone
    /// @param refund how much of it the prover got for its gas
    event Overspent(bytes32 indexed poolId, address indexed prover, uint256 claims, uint256 burned, uint256 refund);

    /// @notice A pool is closed.
    /// @param poolId the pool
    /// @param returned what its payer got back
    event PoolClosed(bytes32 indexed poolId, uint256 returned);

    /// @notice There is no such pool.
    /// @param poolId the pool
    error UnknownPool(bytes32 poolId);

    /// @notice The pool is frozen or closed.
    /// @param poolId the pool
    /// @param status 2 frozen, 3 closed
    error PoolNotOpen(bytes32 poolId, uint8 status);

    /// @notice The value sent is not deposit and collateral.
    /// @param sent what was sent
    /// @param needed what must be
    error WrongValue(uint256 sent, uint256 needed);

    /// @notice The amount is not below 2^96.
    /// @param amount what it is
    error AmountTooLarge(uint256 amount);

    /// @notice The collateral does not cover the deposit often enough.
    /// @param collateral what it would be
    /// @param needed what it must be
    error CollateralTooLow(uint256 collateral, uint256 needed);

    /// @notice The pool would end at once, or too late.
    /// @param durationBlocks what was asked for
    error DurationOutOfBounds(uint64 durationBlocks);

    /// @notice Reserves and payments would exceed the deposit.
    /// @param claims what they would be
    /// @param deposit what there is
    error ReservesExceedDeposit(uint256 claims, uint256 deposit);

    /// @notice Amount and nonce of a reserve must be above those before.
    /// @param amount reserved before
    /// @param nonce of the reserve before
    error ReserveNotRising(uint256 amount, uint64 nonce);

    /// @notice The reserve was not signed by the pool's reserver.
    error InvalidSignature();

    /// @notice The vouchers do not show more than the deposit.
    /// @param claims what they show
    /// @param deposit what there is
    error NotOverspent(uint256 claims, uint256 deposit);

    /// @notice Too many redemptions for one call.
    /// @param count how many they are; 256 is the most
    error TooManyRedemptions(uint256 count);

    /// @notice Too many reserves for one call.
    /// @param count how many they are; 256 is the most
    error TooManyReserves(uint256 count);

    /// @notice The pool can still be redeemed.
    /// @param closableHeight from this block on it can be closed
    error StillRedeemable(uint64 closableHeight);

    /// @notice The pool and its grace are over.
    /// @param closableHeight from this block on it could be closed
    error PoolExpired(uint64 closableHeight);

    /// @notice Only the payer may do that.
    /// @param payer who that is
    error NotPayer(address payer);

    /// @notice There is nothing to release.
    error NothingReserved();

    /// @notice A strict pool has no collateral, and cannot be overspent.
    error StrictPool();

    /// @notice Makes a pool, with the caller as its payer; send deposit and collateral along.
    /// @param resourceCommitment keccak256(resource id, salt)
    /// @param deposit what it can pay
    /// @param collateral 0 for a strict pool, or a multiple of the deposit
    /// @param durationBlocks how long it lives
    /// @param signer signs its vouchers; a plain key, which may be a session's
    /// @param reserver signs its reserves; a plain key
    /// @param reserves what is reserved from the start
    /// @return poolId keccak of chain id, payer, the payer's pool number and all terms: known before
    function createPool(
        bytes32 resourceCommitment,
        uint256 deposit,
        uint256 collateral,
        uint64 durationBlocks,
        address signer,
        address reserver,
        Reserve[] calldata reserves
    ) external payable returns (bytes32 poolId);

    /// @notice Adds to a pool, by its payer; send deposit and collateral along.
    /// @param poolId the pool
    /// @param deposit how much more; 0 is nothing
    /// @param collateral how much more; 0 for a strict pool
    /// @param durationBlocks how much longer
    function topUp(bytes32 poolId, uint256 deposit, uint256 collateral, uint64 durationBlocks) external payable;

    /// @notice Reserves a part of the deposit for a target, signed by the reserver and brought by anyone.
    /// @param poolId the pool
    /// @param target who can get it
    /// @param amount how much, all in all; above what was reserved before
    /// @param nonce above that of the reserve before
    /// @param signature 65 bytes
    function reserve(bytes32 poolId, address target, uint256 amount, uint64 nonce, bytes calldata signature) external;

    /// @notice Gives back what is reserved for the caller and was not earned.
    /// @param poolId the pool
    function release(bytes32 poolId) external;

    /// @notice Pays vouchers to their targets, brought by anyone. One that does not hold is skipped.
    /// @param redemptions at most 256
    /// @return results one for each, in order
    function redeem(Redemption[] calldata redemptions) external returns (Result[] memory results);

    /// @notice Shows, without paying, that vouchers and reserves exceed a credit pool's deposit. Its collateral burns, but
    /// for the caller's gas at the base fee: a fixed amount and one a voucher, and never so much that less than the deposit burns.
    /// @param poolId the pool
    /// @param redemptions vouchers of the pool; those that do not hold are ignored
    function proveOverspend(bytes32 poolId, Redemption[] calldata redemptions) external;

    /// @notice Returns what is left to the payer, once expiry and grace are over. By anyone.
    /// @param poolId the pool
    function close(bytes32 poolId) external;

    /// @notice A pool as it stands; after closing, its payer, expiry and status alone.
    /// @param poolId the pool
    /// @return payer who paid for it
    /// @return signer signs its vouchers
    /// @return reserver signs its reserves
    /// @return resourceCommitment hash of what it pays for
    /// @return deposit what it could pay from the start
    /// @return collateral what burns when it is overspent
    /// @return paid what it has paid
    /// @return claims what it has paid or reserved: for each target, the larger of the two
    /// @return expiryHeight when it ends
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

    /// @notice What a pool has paid to a target and reserved for it.
    /// @param poolId the pool
    /// @param target who
    /// @return paid all in all
    /// @return reserved all in all, what was paid included
    /// @return nonce of the newest reserve
    function target(bytes32 poolId, address target)
        external
        view
        returns (uint256 paid, uint256 reserved, uint64 nonce);

    /// @notice How many pools an account has made: the number of its next one.
    /// @param payer the account
    /// @return their number
    function poolCount(address payer) external view returns (uint256);
}
