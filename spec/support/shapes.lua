-- What the fields of all answers are, by the OpenAPI document v1.244.0: their
-- names and JSON types, nothing more. Made from the document by a script.
--
-- A line that is indented goes on with the one before, without a blank after a
-- backslash. In TYPES: a name, then its fields as `name:type`, with a * when
-- the field is required. In ANSWERS: operation, status, type; without a type
-- the answer has no body. Types: s string, n number, i integer, b boolean, o
-- object, a anything, [x] list of x, x? x or null, x|y one of both, else a
-- name.
local M = { types = {}, answers = {} }

local TYPES = [[
AccountBalanceData accountId:s? accountType:s balance:n currency:s?
  displayBalance:n displayCurrency:s? equityDetails:EquityDetailsData
  exchangeRate:n subType:s?
AgentPortfolioItem agentPortfolioGcid:i agentPortfolioId:s agentPortfolioName:s
  agentPortfolioVirtualBalance:n createdAt:s mirrorId:i
  userTokens:[AgentPortfolioUserTokenItem]
AgentPortfolioUserTokenItem clientId:s createdAt:s expiresAt:s
  externalApplicationName:s ipsWhitelist:[s] scopeIds:[i] scopeNames:[s]
  userTokenId:s userTokenName:s
AggregatedPortfolioAccountTotals accountAvailableCash:n accountBalance:n
  accountCurrentPnl:n accountFrozenCash:n accountTotalUsedMargin:n
  accountTotalValue:n
AggregatedPortfolioInstrumentAggregate accountCurrencyReturn:n
  accountCurrencyRoePercent:n assetCurrency:s avgConversionRate:n avgLeverage:n
  avgOpenRate:n instrumentId:i liquidationValueAccountCurrency:n
  liquidationValueAssetCurrency:n netAvgOpenRate:n netContracts:n
  netCurrentExposureAccountCurrency:n netCurrentExposureAssetCurrency:n
  netInitialExposureAccountCurrency:n netUnits:n pnlAssetCurrency:n?
  totalFees:n totalFeesAcctCcy:n totalMarginAccountCurrency:n
  totalMarginAssetCurrency:n totalTaxes:n totalTaxesAcctCcy:n
AggregatedPortfolioMirrorAggregate
  instrumentAggregates:[AggregatedPortfolioInstrumentAggregate]
  mirrorAvailableCash:n mirrorClosedPositionsPnl:n mirrorDepositTotal:n
  mirrorId:i mirrorStopLoss:n mirrorStopLossPercentage:n
  mirrorTotals:AggregatedPortfolioMirrorTotals mirrorWithdrawalTotal:n
AggregatedPortfolioMirrorTotals mirrorActiveMargin:n mirrorLiquidationValue:n
  mirrorMarginPercent:n mirrorNetFunding:n mirrorPositionsPnl:n
  mirrorPositionsPnlPercent:n mirrorValuePercent:n
AggregatedPortfolioResponse accountCurrency:s
  accountTotals:AggregatedPortfolioAccountTotals cid:i
  instrumentAggregates:[AggregatedPortfolioInstrumentAggregate]
  mirrors:[AggregatedPortfolioMirrorAggregate] timestamp:s
AssetsHistoryAsset instrumentId*:i investedPct*:n symbol*:s valuePct*:n
AssetsHistoryEntry assets*:[AssetsHistoryAsset] cashOfTotalEquityPct*:n
  cashPct*:n date*:s
AssetsHistoryResponse results*:[AssetsHistoryEntry] userName*:s
Attachment description:s host:s media:AttachmentMedia mediaType:s title:s url:s
AttachmentMedia image:AttachmentMediaImage video:AttachmentMediaVideo
AttachmentMediaImage height:i url:s width:i
AttachmentMediaVideo image:AttachmentMediaImage videoSource:s videoSourceId:s
Avatar large:s? medium:s? small:s? svg:Svg
BankAccount accountName:s bankProvider:s countryCode:s id:s
  identifiers:[BankAccountIdentifier] institutionName:s region:s
BankAccountIdentifier type*:s value*:s
BankIdentifierEntry name*:s value*:s
BankTransferDetails bankIdentifier:[BankIdentifierEntry] description:s
  paymentReference:s
CandlesResponse candles:[CandlesResponseCandle] interval:s
CandlesResponseCandle candles:[CandlesResponseCandleCandle] instrumentId:i
  rangeClose:n rangeHigh:n rangeLow:n rangeOpen:n volume:n
CandlesResponseCandleCandle close:n fromDate:s high:n instrumentID:i low:n
  open:n volume:n
Card created:s expirationDate:s id*:s isVirtual:b maskedPan:s name:s status*:s
CardTransactionDetails authorizationStatus:s cardId:s country:s merchantName:s
CashAccount bankAccount:BankAccount cards:[Card] currency*:s id*:s status:s
CashAccountContactInfo address:s buildingNumber:s city:s country:s phone:s
  zipCode:s
CashAccountCreationStatusResponse account:CashAccount? requestReferenceId*:s
  status*:s updatedAt:s?
CashAccountEligibilityResponse contactInfo:CashAccountContactInfo?
  eligibilityStatus*:s ineligibilityReasons:[s]?
  prerequisite:CashAccountPrerequisite? userInfo:CashAccountUserInfo?
CashAccountPrerequisite tncInfo:TncInfo
CashAccountTransaction accountId*:s amount*:s
  bankTransferTransactionDetails:BankTransferDetails?
  cardTransactionDetails:CardTransactionDetails? conversionRate:s?
  counterparty:Counterparty currency*:s direction*:s id*:s
  internalTransferTransactionDetails:InternalTransferDetails? originalAmount:s?
  originalCurrency:s? postedAt*:s status*:s transactionSubtype*:s
  transactionType*:s
CashAccountTransactionsResponse pagination*:PaginationCursor
  results*:[CashAccountTransaction]
CashAccountUserInfo firstName:s lastName:s middleName:s?
CashAccountsResponse accounts*:[CashAccount] eligibilityStatus*:s
ClientPortfolio accountCurrencyId:i bonusCredit:n credit:n entryOrders:[o]
  exitOrders:[o] mirrors:[Mirror] orders:[Order] ordersForClose:[OrderForClose]
  ordersForCloseMultiple:[OrderForCloseMultiple] ordersForOpen:[OrderForOpen]
  positions:[Position] stockOrders:[o] unrealizedPnL:n
ClosingPricesResponseClosingPrices
  daily:ClosingPricesResponseClosingPricesDaily
  monthly:ClosingPricesResponseClosingPricesDaily
  weekly:ClosingPricesResponseClosingPricesDaily
ClosingPricesResponseClosingPricesDaily date:s price:n
ClosingPricesResponseX closingPrices:ClosingPricesResponseClosingPrices
  instrumentId:i isMarketOpen:b officialClosingPrice:n
ClubDashboardDataResponse clubs:[ClubInfo] contacts:ContactsResponse
  downgradeRisk:DowngradeRiskResponse offers:UserOffersData
  webinars:WebinarsResponse
ClubInfo maxRealizedEquity:i? minRealizedEquity:i? name:s rank:i
ClubOffer deliveryMethod:s? description:s? displayName:s id:s
  minimumClubLevel:s offerUrl:s? offersInBundle:[OfferInBundle]? status:s
  subOffers:[ClubOffer]? subType:s? type:s
Comment emotionsData:CommentEmotionsData entity:CommentEntity replies:[Comment]
  repliesCount:i requesterContext:CommentRequesterContext
CommentEmotionsData like:CommentEmotionsDataLike
CommentEmotionsDataLike emotions:[Emotion] paging:CommentEmotionsDataLikePaging
CommentEmotionsDataLikePaging next:s offsetEntityId:s totalCount:i
CommentEntity attachments:[Attachment] created:s editStatus:s id:s isSpam:b
  mentions:[DiscussionsPostMention] message:DiscussionsPostMessage obsoleteId:s
  owner:User parent:CommentEntityParent tags:[DiscussionsPostTag] updated:s?
CommentEntityParent id:s obsoleteId:s type:s
CommentRequesterContext isFlaggingAsSpam:b isInteractionRestricted:b isLiking:b
  isOwner:b isPinned:b isRequesterBlocking:b isSaved:b isSubscribed:b
CommentsResponse comments:[Comment]
  reactionPaging:CommentEmotionsDataLikePaging
ContactInfo avatars:[Avatar] calendarUrl:s? email:s firstName:s lastName:s
ContactsResponse manager:ContactInfo?
CopiersCurrentResponse aumTier*:i aumTierDesc:s? copiers*:i
CostBreakdown amount:n costType:s currency:s
Counterparty name:s type:s
CreateAgentPortfolioPartialResponse agentPortfolioGcid:i agentPortfolioId:s
  agentPortfolioName:s agentPortfolioVirtualBalance:i mirrorId:i
  userTokenCreated:b
CreateAgentPortfolioResponse agentPortfolioGcid:i agentPortfolioId:s
  agentPortfolioName:s agentPortfolioVirtualBalance:n mirrorId:i
  userTokens:[CreateAgentPortfolioUserTokenItem]
CreateAgentPortfolioUserTokenItem clientId:s expiresAt:s ipsWhitelist:[s]
  scopeIds:[i] scopeNames:[s] userToken:s userTokenId:s userTokenName:s
CreateAgentPortfolioV2Response agentPortfolioGcid:i agentPortfolioId:s
  agentPortfolioName:s agentPortfolioVirtualBalance:n mirrorId:i
  userTokens:[CreateAgentPortfolioV2UserTokenItem]
CreateAgentPortfolioV2UserTokenItem clientId:s expiresAt:s ipsWhitelist:[s]
  scopes:[ScopeNameItem] userToken:s userTokenId:s userTokenName:s
CreateCashAccountAcceptedResponse eligibilityStatus*:s requestReferenceId*:s
  status*:s
CreateUserTokenResponse clientId:s createdAt:s expiresAt:s? ipsWhitelist:[s]
  scopeNames:[s] userToken:s userTokenId:s userTokenName:s
CuratedList description:s items:[CuratedListItem] listImageUrl:s name:s uuid:s
CuratedListItem instrumentId:i
CuratedListsResponse curatedLists:[CuratedList]
DeletePriceAlertResponse data:DeletePriceAlertResponseData success:b
DeletePriceAlertResponseData alertId:s
Discussion commentsData:DiscussionCommentsData emotionsData:CommentEmotionsData
  id:s post:DiscussionsPost reason:a?
  requesterContext:DiscussionRequesterContext summary:DiscussionSummary
DiscussionCommentsData comments:[Comment]
  reactionPaging:DiscussionCommentsDataReactionPaging
DiscussionCommentsDataReactionPaging totalCount:i
DiscussionRequesterContext isFlaggingAsSpam:b isFollowing:b
  isInteractionRestricted:b isLiking:b isOwner:b isPinned:b
  isRequesterBlocking:b isSaved:b isSubscribed:b
DiscussionSummary sharedCount:i totalCommentsAndReplies:i
DiscussionsPost attachments:[Attachment] created:s editStatus:s id:s
  isDeleted:b isSpam:b mentions:[DiscussionsPostMention]
  message:DiscussionsPostMessage metadata:DiscussionsPostMetadata obsoleteId:s
  owner:User tags:[DiscussionsPostTag] type:s updated:s?
DiscussionsPostMention isDirect:b user:User
DiscussionsPostMessage languageCode:s text:s
DiscussionsPostMetadata article:DiscussionsPostMetadataArticle
  copy:DiscussionsPostMetadataCopy
  marketEvent:DiscussionsPostMetadataMarketEvent
  order:DiscussionsPostMetadataOrder poll:DiscussionsPostMetadataPoll
  share:DiscussionsPostMetadataShare trade:DiscussionsPostMetadataTrade
DiscussionsPostMetadataArticle aiSummary:s body:s bodyPreview:s created:s
  editStatus:s featuredImage:Attachment id:i languageCode:s ownerId:i
  published:s? rating:s? readingTimeMinutes:n status:s title:s updated:s? url:s
  wordCount:i
DiscussionsPostMetadataCopy type:s user:User
DiscussionsPostMetadataMarketEvent earningReportId:i earningsDate:s
  earningsQuarter:i earningsYear:i estimatedEps:n estimatedSales:n
  isBeforeMarketOpen:b market:Market marketCap:n stocksIndustryId:i tagName:s
  textKey:i verified:b
DiscussionsPostMetadataOrder direction:s market:Market orderId:i rate:n type:s
DiscussionsPostMetadataPoll gcid:i id:i
  options:[DiscussionsPostMetadataPollOption] title:s
DiscussionsPostMetadataPollOption id:i index:i isUserVoted:b text:s
  votesCount:i
DiscussionsPostMetadataShare sharedOriginPost:DiscussionsPost
  sharedPost:DiscussionsPost
DiscussionsPostMetadataTrade direction:s gain:n market:Market positionId:i
  rate:n type:s
DiscussionsPostTag market:Market
DiscussionsResponse discussions:[Discussion]
  metadata:DiscussionsResponseMetadata paging:DiscussionsResponsePaging
DiscussionsResponseMetadata designatedStreamType:s experimentName:s
  streamType:s
DiscussionsResponsePaging next:s offSet:i take:i version:s
DowngradeRiskResponse daysUntilDowngrade:i? isAtRisk:b
Emotion created:s id:s obsoleteId:s owner:User parent:CommentEntityParent
  type:s
EquityDetailsData available:n? balance:n? balanceInFiat:n? cryptoId:i?
  currentPNL:n? fiatConversionCurrency:s? frozenCash:n? orderIndex:i?
  spendableBalance:n? spendableBalanceInFiat:n? totalBalance:n?
  totalBalanceInFiat:n? totalUsedMargin:n?
ExchangesResponse exchangeInfo:[ExchangesResponseExchangeInfo]
ExchangesResponseExchangeInfo exchangeDescription:s exchangeID:i
ExposureHistoryEntry absExposurePct*:n date*:s exposureItems*:[ExposureItem]
ExposureHistoryResponse results*:[ExposureHistoryEntry] userName*:s
ExposureItem absExposurePct*:n instrumentId*:i netExposurePct*:n symbol*:s
GainEntry gain:n timestamp:s
GainHistoryResponse gains*:[GainPoint] granularity*:s totalGain:n? username*:s
GainPoint date*:s gain*:n
GeCopiersResponse copiers:[GeCopiersResponseCopier]?
GeCopiersResponseCopier AgeCategory:s AmountCategory:s AvailableCopyBalance:s
  Club:s CopyRealizedEquity_pnl:s CopyStartedAtCategory:s Country:s Gender:s
GetAgentPortfoliosResponse agentPortfolios:[AgentPortfolioItem]
GetAllowedScopesResponse scopes:[ScopeNameItem]
GetBalancesResponse balances:[AccountBalanceData]? displayCurrency:s? gcid:i
  totalBalance:n
GetCostResponse costs:[CostBreakdown] instrumentId:i lastUpdated:s symbol:s?
GetHistoricalBalancesResponse displayCurrency:s? fromDate:s gcid:i
  snapshots:[HistoricalDailySnapshotData]? toDate:s
GetOrderInfoAsset currency:s instrumentId:i leverage:i settlementType:s side:s
  symbol:s
GetOrderInfoOpeningData avgConversionRate:n avgPrice:n contracts:n?
  executionTime:s fees:n marketSpread:n markup:n openTime:s orderId:i priceId:i
  taxes:n units:n?
GetOrderInfoPositionExecution addedFunds:n initialExposureAccountCurrency:n
  initialExposureAssetCurrency:n investedAmountCurrency:n
  marginAccountCurrency:n marginAssetCurrency:n
  openingData:GetOrderInfoOpeningData positionId:i remainingContracts:n?
  remainingUnits:n state:s stopLossRate:n? takeProfitRate:n?
GetOrderInfoResponse accountId:i action:s asset:GetOrderInfoAsset
  etoroOrderTypeId:i frozenAmount:n? gcid:i lastUpdate:s openActionType:s
  openStopLossRate:n? openTakeProfitRate:n? orderCurrency:s orderId:i
  portfolioId:i positionExecutions:[GetOrderInfoPositionExecution]
  positionsToClose:[i] requestTime:s requestType:s requestedAmount:n?
  requestedContracts:n? requestedTriggerRate:n? requestedUnits:n?
  status:GetOrderInfoStatus stopLossType:s? totalCosts:n transaction:s type:s
GetOrderInfoStatus errorCode:i errorMessage:s? id:i name:s
GetUserDailyGainResponse1 gain:n
GetUserGainResponse monthly:[GainEntry] yearly:[GainEntry]
HistoricalAccountData accountId:s? accountType:s cash:n currency:s?
  displayCash:n displayInvestedAmount:n displayPnl:n displayTotal:n
  exchangeRate:n investedAmount:n pnl:n total:n usdRate:n
HistoricalDailySnapshotData accountSnapshots:[HistoricalAccountData]? date:s
  displayTotalBalance:n displayTotalCash:n displayTotalInvestedAmount:n
  displayTotalPnl:n totalBalance:n totalCash:n totalCurrencyIso:s?
  totalExchangeRate:n totalInvestedAmount:n totalPnl:n
Image backgroundColor:s height:n instrumentID:i textColor:s uri:s width:n
InAppNotificationMessage actionLink:s aggregatable:b aggregationId:s category:s
  correlationId:s grouped:b imageTitle:s imageUrl:s message:s messageId:s
  notificationType:s publishDate:s readStatus:s rtlLanguage:b section:s
  subCategory:s version:s
InAppNotificationsMetadata notSeen:i
InAppNotificationsResult messages:[InAppNotificationMessage]
  meta:InAppNotificationsMetadata
Instrument absBuyPctChange24Hours:n absDailyPriceChange:n buyHoldingPct:n
  buyPctChange24Hours:n currMonthPriceChange:n currQuarterPriceChange:n
  currYearPriceChange:n currentRate:n cvtAsk:n cvtAskNoSpread:n cvtBiNoSpread:n
  cvtBid:n dailyPriceChange:n displayname:s exchangeID:i holdingPct:n
  industryNameId:i instrumentId:i instrumentType:s instrumentTypeID:i
  internalAssetClassId:i internalAssetClassName:s internalClosingPrice:n
  internalCryptoTypeId:i internalExchangeId:i internalExchangeName:s
  internalIndustryId:i internalInstrumentDisplayName:s internalInstrumentId:i
  internalStockIndustryName:s internalSymbolFull:s isActiveInPlatform:b
  isBuyEnabled:b isCurrentlyTradable:b isDelisted:b isExchangeOpen:b
  isHiddenFromClient:b isInternalInstrument:b isOpen:b
  lastTwoYearsPriceChange:n lastYearPriceChange:n logo150x150:s logo35x35:s
  logo50x50:s monthlyPriceChange:n oneMonthAgoPriceChange:n
  oneYearAgoPriceChange:n oneYearPriceChange:n popularityUniques14Day:i
  popularityUniques30Day:i popularityUniques7Day:i popularityUniques:i
  sectorNameId:i sellHoldingPct:n sixMonthPriceChange:n
  sixMonthsAgoPriceChange:n symbol:s threeMonthPriceChange:n
  threeMonthsAgoPriceChange:n traders14DayChange:n traders30DayChange:n
  traders7DayChange:n twoMonthsAgoPriceChange:n weeklyPriceChange:n
InstrumentEligibility additionalBufferPercent:n? allowClosePosition:b
  allowEntryOrders:b allowExitOrders:b allowMitOrders:b allowOpenPosition:b
  allowPartialClosePosition:b allowTrailingStopLoss:b
  allowedOrderQuantityType:s initialMarginInAssetCurrency:n? instrumentId:i
  leverageConfigs:[LeverageConfiguration] maxUnitsPerOrder:n
  minPositionExposure:n orderFillBehaviorType:s requiresW8Ben:b?
  stopLossMarginInAssetCurrency:n? symbol:s tradeUnitType:s unitsQuantityType:s
InstrumentEligibilityResponse currency:s eligibilities:[InstrumentEligibility]
  notFoundInstrumentIds:[i] notFoundSymbols:[s]
InstrumentSearchResponse items:[Instrument] page:i pageSize:i totalItems:i
InstrumentTypesResponse instrumentTypes:[InstrumentTypesResponseInstrumentType]
InstrumentTypesResponseInstrumentType instrumentTypeDescription:s
  instrumentTypeID:i
InstrumentsResponse
  instrumentDisplayDatas:[InstrumentsResponseInstrumentDisplayData]
InstrumentsResponseInstrumentDisplayData exchangeID:i hasExpirationDate:b
  images:[Image] instrumentDisplayName:s instrumentID:i instrumentTypeID:i
  isInternalInstrument:b priceSource:s stocksIndustryId:i symbolFull:s
InternalTransferDetails transferId*:s
LeverageConfiguration allowEditStopLoss:b allowEditTakeProfit:b
  allowStopLossTakeProfit:b defaultStopLossPercentage:n
  defaultTakeProfitPercentage:n direction:s isPotential:b leverageValues:[i]
  maxStopLossPercentage:n maxTakeProfitPercentage:n minPositionAmount:n
  minStopLossPercentage:n minTakeProfitPercentage:n settlementType:s
LiveRatesResponse rates:[LiveRatesResponseRate]
LiveRatesResponseRate ask:n askDiscounted:n bid:n bidDiscounted:n
  conversionRateAsk:n conversionRateBid:n date:s instrumentID:i lastExecution:n
  priceRateID:i unitMargin:n unitMarginAsk:n unitMarginAskDiscounted:n
  unitMarginBid:n unitMarginBidDiscounted:n
Market application:s assetType:s assetTypeId:i assetTypeSubCategoryId:i
  avatar:UserAvatar displayName:s id:s internalId:i metadata:s symbolName:s
  updated:s?
MarketCloseOrders token*:s
MarketCloseOrdersPositions
  orderForClose:MarketCloseOrdersPositionsOrderForClose token:s
MarketCloseOrdersPositionsOrderForClose CID:i instrumentID:i lastUpdate:s
  openDateTime:s orderID:i orderType:i positionID:i statusID:i unitsToDeduct:n
MarketOpenOrdersByAmount orderForOpen:MarketOpenOrdersByAmountOrderForOpen
  token:s
MarketOpenOrdersByAmountOrderForOpen CID:i amount:i instrumentID:i isBuy:b
  isTslEnabled:b lastUpdate:s leverage:i mirrorID:i openDateTime:s orderID:i
  orderType:i statusID:i stopLossRate:i takeProfitRate:i totalExternalCosts:i
MarketOpenOrdersByUnits orderForOpen:MarketOpenOrdersByUnitsOrderForOpen
  token:s
MarketOpenOrdersByUnitsOrderForOpen CID:i amount:i amountInUnits:n
  instrumentID:i isBuy:b isTslEnabled:b lastUpdate:s leverage:i lotCount:i
  mirrorID:i openDateTime:s orderID:i orderType:i statusID:i stopLossRate:i
  takeProfitRate:i totalExternalCosts:i
MarketRecommendationsResponse Recommendations:[i] ResponseType:s
MeResponse dateOfBirth*:s demoCid*:i firstName:s? gcid*:i gender*:i language*:i
  lastName:s? lei:s? middleName:s? playerLevel*:i realCid*:i scopes*:[s]
  username*:s
Mirror CID:i availableAmount:n closedPositionsNetProfit:n
  copyExistingPositions:b delayedOrderForClose:[o] delayedOrderForOpen:[o]
  depositSummary:n entryOrders:[o] exitOrders:[o] initialInvestment:n
  isPaused:b mirrorCalculationType:i mirrorID:i mirrorStatusID:i
  ordersForClose:[OrderForClose] ordersForCloseMultiple:[OrderForCloseMultiple]
  ordersForOpen:[OrderForOpen] parentCID:i parentMirrors:[o] parentUsername:s
  pendingForClosure:b positions:[Position] startedCopyDate:s stopLossAmount:n
  stopLossPercentage:n withdrawalSummary:n
OfferInBundle offerLimit:i type:s
Order amount:n cid:i executionType:i instrumentId:i isBuy:b isDiscounted:b
  isNoStopLoss:b isNoTakeProfit:b isTslEnabled:b leverage:i openDateTime:s
  orderId:i rate:n stopLossRate:n takeProfitRate:n units:n
OrderForClose cid:i instrumentId:i lastUpdate:s lotsToDeduct:n openDateTime:s
  orderId:i orderType:i positionId:i statusId:i unitsToDeduct:n
OrderForCloseMultiple cid:i instrumentId:i lastUpdate:s lotsToDeduct:n
  openDateTime:s orderId:i orderType:i pendingClosePositionIds:[i] statusId:i
  unitsToDeduct:n
OrderForOpen amount:n amountInUnits:n cid:i externalOperation:o? frozenAmount:n
  instrumentId:i isBuy:b isDiscounted:b isNoStopLoss:b isNoTakeProfit:b
  isTslEnabled:b lastUpdate:s leverage:i lotCount:n mirrorId:i openDateTime:s
  openPositionActionType:i orderId:i orderType:i statusId:i stopLossRate:n
  takeProfitRate:n totalExternalCosts:n
OrderForOpenInfoResponse CID*:i amount:n errorCode:i errorMessage:s
  instrumentID*:i openActionType:i orderID*:i orderType*:i
  positions:[OrderForOpenPositionInfo] referenceID:s requestOccurred*:s
  statusID*:i token:s units:n
OrderForOpenPositionInfo amount*:n conversionRate:n isOpen*:b occurred*:s
  orderType*:i positionID*:i rate*:n units*:n
Orders token:s
PaginationCursor hasNext*:b nextPageToken:s? pageSize*:i
PortfolioResponse clientPortfolio:PortfolioResponseClientPortfolio
PortfolioResponseClientPortfolio bonusCredit:n credit:n entryOrders:[o]
  exitOrders:[o] mirrors:[PortfolioResponseClientPortfolioMirror]
  orders:[PortfolioResponseClientPortfolioOrder] ordersForClose:[o]
  ordersForCloseMultiple:[o] ordersForOpen:[o] positions:[Position]
  stockOrders:[o]
PortfolioResponseClientPortfolioMirror CID:i availableAmount:n
  closedPositionsNetProfit:n copyExistingPositions:b delayedOrderForClose:[o]
  delayedOrderForOpen:[o] depositSummary:n entryOrders:[o] exitOrders:[o]
  initialInvestment:n isPaused:b mirrorCalculationType:i mirrorID:i
  mirrorStatusID:i ordersForClose:[o] ordersForCloseMultiple:[o]
  ordersForOpen:[o] parentCID:i parentMirrors:[o] parentUsername:s
  pendingForClosure:b positions:[Position] startedCopyDate:s stopLossAmount:n
  stopLossPercentage:n withdrawalSummary:n
PortfolioResponseClientPortfolioOrder CID:i amount:n executionType:i
  instrumentID:i isBuy:b isDiscounted:b isTslEnabled:b leverage:n
  openDateTime:s orderID:i rate:n stopLossRate:n takeProfitRate:n units:n
PortfolioResponseWithPnl clientPortfolio:ClientPortfolio
Position CID:i amount:n initialAmountInDollars:n initialUnits:n instrumentID:i
  isBuy:b isDetached:b isDiscounted:b isNoStopLoss:b isNoTakeProfit:b
  isPartiallyAltered:b isSettled:b isTslEnabled:b leverage:i lotCount:n
  mirrorID:i openConversionRate:n openDateTime:s openPositionActionType:i
  openRate:n orderID:i orderType:i parentPositionID:i pnlVersion:i positionID:i
  redeemStatusID:i settlementTypeID:i stopLossRate:n stopLossVersion:i
  takeProfitRate:n totalExternalFees:n totalExternalTaxes:n totalFees:n units:n
  unitsBaseValueDollars:n unrealizedPnL:PositionUnrealizedPnL?
PositionUnrealizedPnL assetCurrencyId:i closeConversionRate:n closeRate:n
  exposureInAccountCurrency:n exposureInAssetCurrency:n marginCurrencyId:i
  marginInAccountCurrency:n marginInAssetCurrency:n pnL:n pnlAssetCurrency:n
  timestamp:s
Post attachments:[Attachment] created:s editStatus:s id:s isDeleted:b isSpam:b
  mentions:[DiscussionsPostMention] message:DiscussionsPostMessage
  metadata:PostMetadata obsoleteId:s owner:User tags:[DiscussionsPostTag]
  type:s updated:s?
PostMetadata article:DiscussionsPostMetadataArticle
  copy:DiscussionsPostMetadataCopy
  marketEvent:DiscussionsPostMetadataMarketEvent
  order:DiscussionsPostMetadataOrder poll:DiscussionsPostMetadataPoll
  share:PostMetadataShare trade:DiscussionsPostMetadataTrade
PostMetadataShare sharedOriginPost:Post sharedPost:Post
PriceAlert alertId*:s createdAt*:s currentPrice*:n instrumentId*:i symbol*:s
  targetPrice*:n updatedAt*:s
PriceAlertCollectionResponse results:[PriceAlert]
PriceAlertMutationResponse data:PriceAlert success:b
PublicAggregatedInfoResponse users:[PublicAggregatedInfoUser]
PublicAggregatedInfoUiUserAvatar height:i type:s url:s width:i
PublicAggregatedInfoUiUserBio aboutMe:s? aboutMeShort:s? gcid:i languageCode:s?
  strategyID:i?
PublicAggregatedInfoUser aboutMe:s? aboutMeShort:s? accountStatus:i?
  accountType:i? allowDisplayFullName:b
  avatars:[PublicAggregatedInfoUiUserAvatar] country:i?
  customerRestrictions:[PublicAggregatedInfoUserCustomerRestriction]?
  demoCID:i? firstName:s? fundType:s? gcid:i
  gdprInfo:PublicAggregatedInfoUserGdprInfo? homepage:i? isPi:b isVerified:b
  language:i? languageIsoCode:s lastName:s? masterAccountCid:i? middleName:s?
  optOut:b piLevel:i? playerStatus:i? realCID:i
  userBio:PublicAggregatedInfoUiUserBio userFlowSignature:s username:s
  verificationLevel:i whiteLabel:i?
PublicAggregatedInfoUserCustomerRestriction CID:i occured:s reasonID:i
  restrictionTypeID:i
PublicAggregatedInfoUserGdprInfo accountStatus:i? playerStatus:i?
  playerStatusReason:i?
ScopeNameItem name:s
SharesResponse paging:CommentEmotionsDataLikePaging
  postShares:[SharesResponsePostShare]
SharesResponsePostShare createdAt:s? owner:User shareReactionId:s
StaticEligibleOffer deliveryMethod:s? description:s? displayName:s
  eligibleClubLevels:[s] id:s status:s type:s
StocksIndustriesResponse
  stocksIndustries:[StocksIndustriesResponseStocksIndustrie]
StocksIndustriesResponseStocksIndustrie industryID:i industryName:s
Svg backgroundColor:s? textColor:s? url:s?
TncInfo tncDocId*:i url*:s
TradeHistory closeRate:n closeTimestamp:s fees:n initialInvestment:n
  instrumentId:i investment:n isBuy:b leverage:i netProfit:n openRate:n
  openTimestamp:s orderId:i parentPositionId:i positionId:i socialTradeId:i
  stopLossRate:n takeProfitRate:n trailingStopLoss:b units:n
UnifiedOrderResponse orderId:i referenceId:s token:s
User avatar:UserAvatar countryCode:i firstName:s id:s isBlocked:b isPrivate:b
  lastName:s piLevel:i roles:[s] username:s
UserAvatar large:s medium:s small:s svg:UserAvatarSvg?
UserAvatarSvg backgroundColor:s textColor:s url:s
UserInfoPeoplePortfolioLive positions:[UserInfoPeoplePortfolioLivePosition]
  realizedCreditPct:n socialTrades:[UserInfoPeoplePortfolioLiveSocialTrade]
  unrealizedCreditPct:n
UserInfoPeoplePortfolioLivePosition instrumentId:i investmentPct:n isBuy:b
  leverage:i netProfit:n openRate:n openTimestamp:s parentPositionId:i
  positionId:i socialTradeId:i stopLossRate:n takeProfitRate:n
  trailingStopLoss:b
UserInfoPeoplePortfolioLiveSocialTrade closedNetProfit:n investmentPct:n
  isClosing:b netProfit:n openInvestmentPct:n openNetProfit:n openTimestamp:s
  parentUsername:s positions:[UserInfoPeoplePortfolioLivePosition]
  realizedPct:n socialTradeId:i stopLossPercentage:n unrealizedPct:n
UserInfoPeopleSearch items*:[UserInfoPeopleSearchItem] totalItems*:i
UserInfoPeopleSearchItem activeWeeks:i activeWeeksPct:n affiliateId:i aumTier:i
  aumTierDesc:s? aumTierV2:i avgPosSize:n baseLineCopiers:i blocked:b
  bonusOnly:b copiedTrades:i copiers:i copiersGain:n copyBlock:b
  copyInvestmentPct:n copyTradesPct:n country:s countryId:i customerId:i
  dailyDd:n dailyGain:n displayFullName:b exposure:n firstActivity:i fullName:s
  fundType:i gain:n hasAvatar:b highLeveragePct:n instrumentPct:n isBronze:b
  isFund:b isPopularInvestor:b isSocialConnected:b isTestAccount:b
  lastActivity:i longPosPct:n lowLeveragePct:n maxDailyRiskScore:i
  maxMonthlyRiskScore:i mediumLeveragePct:n optimalCopyPosSize:n peakToValley:n
  peakToValleyEnd:s peakToValleyStart:s popularInvestor:b profitableMonthsPct:n
  profitableWeeksPct:n riskScore:i tags:[i] thisWeekGain:n
  topTradedAssetClassId:i topTradedAssetId:i topTradedInstrumentId:i
  topTradedInstrumentPct:n totalTradedInstruments:i trades:i userName:s
  velocity:n verified:b virtualCopiers:i weeklyDd:n weeksSinceRegistration:i
  winRatio:n
UserInfoPeopleTradeinfo activeWeeksPct:n affiliateId:i aumTier:i aumTierDesc:s
  avgPosSize:n baseLineCopiers:i copiedTrades:i copiers:i copiersGain:n
  copyInvestmentPct:n copyTradesPct:n countryId:i dailyDd:n dailyGain:n
  firstActivity:i fullName:s fundType:i gain:n hasAvatar:b highLeveragePct:n
  instrumentPct:n isFund:b isPopularInvestor:b lastActivity:i lowLeveragePct:n
  maxDailyRiskScore:i maxMonthlyRiskScore:i mediumLeveragePct:n peakToValley:n
  profitableMonthsPct:n profitableWeeksPct:n riskScore:i thisWeekGain:n
  topTradedAssetId:i topTradedInstrumentId:i trades:i userName:s
  virtualCopiers:i weeklyDd:n weeksSinceRegistration:i winRatio:n
UserOffersData currentPlayerLevelAvailableOffers:[ClubOffer]
  nextPlayerLevelAvailableOffers:[ClubOffer]
  staticEligibleOffers:[StaticEligibleOffer]
WatchlistItemDto itemAddedDate:s itemAddedReason:s itemId*:i itemRank:i
  itemType*:s market:WatchlistItemDtoMarket
WatchlistItemDtoMarket assetTypeId:i assetTypeSubCategoryId:i?
  avatar:UserAvatar displayName:s exchangeId:i hasExpirationDate:b id:s
  symbolName:s
WatchlistResponse Gcid:i dynamicUrl:s? isDefault:b isUserSelectedDefault:b
  items:[WatchlistItemDto] name:s relatedAssets:[i]? totalItems:i watchlistId:s
  watchlistRank:i watchlistType:s
WatchlistsResponse exception:WatchlistsResponseException isSucceeded:b
  meta:WatchlistsResponseMeta status:i watchlists:[WatchlistResponse]
WatchlistsResponseException invalidItems:[s] message:s reason:s
WatchlistsResponseMeta itemsPerPage:i maxItemsInWatchlistLimit:i
  maxWatchlistsLimit:i pageNumber:i
Webinar id:i joinUrl:s? recordUrl:s? startTime:s topic:s
WebinarsResponse previousWebinars:[Webinar] upcomingWebinars:[Webinar]
]]

local ANSWERS = [[
GET /api/v1/agent-portfolios 200 GetAgentPortfoliosResponse
POST /api/v1/agent-portfolios 201 CreateAgentPortfolioResponse
POST /api/v1/agent-portfolios 207 CreateAgentPortfolioPartialResponse
DELETE /api/v1/agent-portfolios/{agentPortfolioId} 204
POST /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens 201
  CreateUserTokenResponse
DELETE /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens/{userTokenId}
  204
PATCH /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens/{userTokenId} 204
POST /api/v1/attachments 200 Attachment
GET /api/v1/balances 200 GetBalancesResponse
GET /api/v1/balances/history 200 GetHistoricalBalancesResponse
GET /api/v1/balances/{accountType} 200 GetBalancesResponse
GET /api/v1/balances/{accountType}/history 200 GetHistoricalBalancesResponse
GET /api/v1/balances/{accountType}/{accountId} 200 GetBalancesResponse
GET /api/v1/balances/{accountType}/{accountId}/history 200
  GetHistoricalBalancesResponse
GET /api/v1/clubs 200 ClubDashboardDataResponse
GET /api/v1/curated-lists 200 CuratedListsResponse
GET /api/v1/curated-lists 204
GET /api/v1/feeds/following 200 DiscussionsResponse
GET /api/v1/feeds/for-you 200 DiscussionsResponse
GET /api/v1/feeds/instrument/{marketId} 200 DiscussionsResponse
GET /api/v1/feeds/markets/{marketId} 200 DiscussionsResponse
GET /api/v1/feeds/news 200 DiscussionsResponse
POST /api/v1/feeds/post 201 Post
GET /api/v1/feeds/saved 200 DiscussionsResponse
GET /api/v1/feeds/user/{userId} 200 DiscussionsResponse
GET /api/v1/feeds/users/{userId} 200 DiscussionsResponse
GET /api/v1/feeds/users/{userId}/pinned 200 DiscussionsResponse
GET /api/v1/instruments/discover 200 InstrumentSearchResponse
GET /api/v1/instruments/{symbol} 200 Instrument
GET /api/v1/instruments/{symbol}/{shortener} 200 Instrument
GET /api/v1/market-data/exchanges 200 ExchangesResponse
GET /api/v1/market-data/instrument-types 200 InstrumentTypesResponse
GET /api/v1/market-data/instruments 200 InstrumentsResponse
GET /api/v1/market-data/instruments/history/closing-price 200
  [ClosingPricesResponseX]
GET /api/v1/market-data/instruments/rates 200 LiveRatesResponse
GET
  /api/v1/market-data/instruments/{instrumentId}/history/candles/\
  {direction}/{interval}/{candlesCount} 200 CandlesResponse
GET /api/v1/market-data/search 200 InstrumentSearchResponse
GET /api/v1/market-data/stocks-industries 200 StocksIndustriesResponse
GET /api/v1/market-recommendations/{itemsCount} 200
  MarketRecommendationsResponse
GET /api/v1/market-recommendations/{itemsCount} 204
GET /api/v1/me 200 MeResponse
GET /api/v1/money/accounts/cash 200 CashAccountsResponse
POST /api/v1/money/accounts/cash 202 CreateCashAccountAcceptedResponse
GET /api/v1/money/accounts/cash/eligibility 200 CashAccountEligibilityResponse
GET /api/v1/money/accounts/cash/status 200 CashAccountCreationStatusResponse
GET /api/v1/money/accounts/cash/{accountId} 200 CashAccount
GET /api/v1/money/accounts/cash/{accountId}/transactions 200
  CashAccountTransactionsResponse
GET /api/v1/notifications/messages 200 InAppNotificationsResult
PATCH /api/v1/notifications/messages 204
GET /api/v1/pi-data/copiers 200 GeCopiersResponse
POST /api/v1/posts 201 Post
POST /api/v1/posts/polls 201 Post
POST /api/v1/posts/shares 201 Post
DELETE /api/v1/posts/{postId} 204
GET /api/v1/posts/{postId} 200 Discussion
PUT /api/v1/posts/{postId} 200 Post
GET /api/v1/posts/{postId}/comments 200 CommentsResponse
POST /api/v1/posts/{postId}/comments 201 Comment
DELETE /api/v1/posts/{postId}/comments/{commentId} 204
PUT /api/v1/posts/{postId}/comments/{commentId} 200 Comment
DELETE /api/v1/posts/{postId}/comments/{commentId}/likes 204
POST /api/v1/posts/{postId}/comments/{commentId}/likes 204
GET /api/v1/posts/{postId}/comments/{commentId}/replies 200 CommentsResponse
POST /api/v1/posts/{postId}/comments/{commentId}/replies 201 Comment
DELETE /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId} 204
PUT /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId} 200 Comment
DELETE /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}/likes 204
POST /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}/likes 204
DELETE /api/v1/posts/{postId}/follows 204
POST /api/v1/posts/{postId}/follows 204
DELETE /api/v1/posts/{postId}/likes 204
POST /api/v1/posts/{postId}/likes 204
DELETE /api/v1/posts/{postId}/pins 204
POST /api/v1/posts/{postId}/pins 204
DELETE /api/v1/posts/{postId}/polls/{pollId}/options/{optionId}/votes 202
POST /api/v1/posts/{postId}/polls/{pollId}/options/{optionId}/votes 202
DELETE /api/v1/posts/{postId}/saves 204
POST /api/v1/posts/{postId}/saves 204
GET /api/v1/posts/{postId}/shares 200 SharesResponse
GET /api/v1/price-alerts 200 PriceAlertCollectionResponse
POST /api/v1/price-alerts 201 PriceAlertMutationResponse
DELETE /api/v1/price-alerts/{alertId} 200 DeletePriceAlertResponse
PATCH /api/v1/price-alerts/{alertId} 200 PriceAlertMutationResponse
POST /api/v1/reactions/{postId}/comment 201 Comment
POST /api/v1/trading/execution/demo/limit-orders 200 MarketCloseOrders
DELETE /api/v1/trading/execution/demo/limit-orders/{orderId} 200
  MarketCloseOrders
POST /api/v1/trading/execution/demo/market-close-orders/positions/{positionId}
  200 MarketCloseOrdersPositions
DELETE /api/v1/trading/execution/demo/market-close-orders/{orderId} 200
  MarketCloseOrders
POST /api/v1/trading/execution/demo/market-open-orders/by-amount 200
  MarketOpenOrdersByAmount
POST /api/v1/trading/execution/demo/market-open-orders/by-units 200
  MarketOpenOrdersByUnits
DELETE /api/v1/trading/execution/demo/market-open-orders/{orderId} 200
  MarketCloseOrders
POST /api/v1/trading/execution/limit-orders 200 MarketCloseOrders
DELETE /api/v1/trading/execution/limit-orders/{orderId} 200 MarketCloseOrders
POST /api/v1/trading/execution/market-close-orders/positions/{positionId} 200
  MarketCloseOrdersPositions
DELETE /api/v1/trading/execution/market-close-orders/{orderId} 200
  MarketCloseOrders
POST /api/v1/trading/execution/market-open-orders/by-amount 200
  MarketOpenOrdersByAmount
POST /api/v1/trading/execution/market-open-orders/by-units 200
  MarketOpenOrdersByUnits
DELETE /api/v1/trading/execution/market-open-orders/{orderId} 200
  MarketCloseOrders
GET /api/v1/trading/info/aggregate-portfolio 200 AggregatedPortfolioResponse
GET /api/v1/trading/info/demo/aggregate-portfolio 200
  AggregatedPortfolioResponse
POST /api/v1/trading/info/demo/eligibility 200 InstrumentEligibilityResponse
GET /api/v1/trading/info/demo/orders/{orderId} 200 OrderForOpenInfoResponse
GET /api/v1/trading/info/demo/pnl 200 PortfolioResponseWithPnl
GET /api/v1/trading/info/demo/portfolio 200 PortfolioResponse
POST /api/v1/trading/info/eligibility 200 InstrumentEligibilityResponse
GET /api/v1/trading/info/portfolio 200 PortfolioResponse
GET /api/v1/trading/info/real/orders/{orderId} 200 OrderForOpenInfoResponse
GET /api/v1/trading/info/real/pnl 200 PortfolioResponseWithPnl
GET /api/v1/trading/info/trade/demo/history 200 [TradeHistory]
GET /api/v1/trading/info/trade/history 200 [TradeHistory]
GET /api/v1/user-info/people 200 PublicAggregatedInfoResponse
GET /api/v1/user-info/people/search 200 UserInfoPeopleSearch
GET /api/v1/user-info/people/{username}/daily-gain 200
  [GainEntry]|GetUserDailyGainResponse1
GET /api/v1/user-info/people/{username}/gain 200 GetUserGainResponse
GET /api/v1/user-info/people/{username}/portfolio/live 200
  UserInfoPeoplePortfolioLive
GET /api/v1/user-info/people/{username}/tradeinfo 200 UserInfoPeopleTradeinfo
GET /api/v1/watchlists 200 WatchlistsResponse
POST /api/v1/watchlists 201 WatchlistsResponse
POST /api/v1/watchlists/default-watchlist/selected-items 201 WatchlistsResponse
GET /api/v1/watchlists/default-watchlists/items 200 [WatchlistItemDto]
POST /api/v1/watchlists/newasdefault-watchlist 201 WatchlistsResponse
GET /api/v1/watchlists/public/{userId} 200 WatchlistsResponse
GET /api/v1/watchlists/public/{userId}/{watchlistId} 200 WatchlistResponse
PUT /api/v1/watchlists/rank/{watchlistId} 204
PUT /api/v1/watchlists/setUserSelectedUserDefault/{watchlistId} 200
DELETE /api/v1/watchlists/{watchlistId} 204
GET /api/v1/watchlists/{watchlistId} 200 WatchlistsResponse
PUT /api/v1/watchlists/{watchlistId} 204
DELETE /api/v1/watchlists/{watchlistId}/items 204
POST /api/v1/watchlists/{watchlistId}/items 201
PUT /api/v1/watchlists/{watchlistId}/items 204
POST /api/v2/agent-portfolios 201 CreateAgentPortfolioV2Response
POST /api/v2/agent-portfolios 207 CreateAgentPortfolioPartialResponse
GET /api/v2/agent-portfolios/user-tokens/scopes 200 GetAllowedScopesResponse
POST /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens 201
  CreateUserTokenResponse
PATCH /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens/{userTokenId} 204
GET /api/v2/portfolios/{username}/assets/history 200 AssetsHistoryResponse
GET /api/v2/portfolios/{username}/copiers 200 CopiersCurrentResponse
GET /api/v2/portfolios/{username}/exposure/history 200 ExposureHistoryResponse
GET /api/v2/portfolios/{username}/gain/{granularity} 200 GainHistoryResponse
POST /api/v2/trading/execution/demo/orders 200 UnifiedOrderResponse
DELETE /api/v2/trading/execution/demo/orders/{orderId} 200 Orders
POST /api/v2/trading/execution/orders 200 UnifiedOrderResponse
DELETE /api/v2/trading/execution/orders/{orderId} 200 Orders
POST /api/v2/trading/info/costs 200 GetCostResponse
POST /api/v2/trading/info/demo/costs 200 GetCostResponse
POST /api/v2/trading/info/demo/eligibility 200 InstrumentEligibilityResponse
GET /api/v2/trading/info/demo/orders:lookup 200 GetOrderInfoResponse
POST /api/v2/trading/info/eligibility 200 InstrumentEligibilityResponse
GET /api/v2/trading/info/orders:lookup 200 GetOrderInfoResponse
]]

-- The lines of a text, those that go on put together.
local function lines(text)
  return text:gsub("\\\n  ", ""):gsub("\n  ", " "):gmatch "[^\n]+"
end

for line in lines(TYPES) do
  local name, rest = line:match "^(%S+) ?(.*)$"
  local fields = {}
  for field, required, kind in rest:gmatch "([%w_]+)(%*?):(%S+)" do
    fields[field] = { kind = kind, required = required == "*" }
  end
  M.types[name] = fields
end

for line in lines(ANSWERS) do
  local name, kind = line:match "^(%S+ %S+ %d+) ?(.*)$"
  M.answers[name] = kind
end

return M
